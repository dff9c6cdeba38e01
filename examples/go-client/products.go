// Package shop asks the Product API.
package shop

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// ErrMissing is returned for a product that does not exist.
var ErrMissing = errors.New("no such product")

// Product is what the Product API knows of a product.
type Product struct {
	ID    string  `json:"id"`
	Name  string  `json:"name"`
	Price float64 `json:"price"`
}

// Client asks the Product API at an address.
type Client struct {
	BaseURL string
}

// Product returns a product, or ErrMissing.
func (c Client) Product(id string) (Product, error) {
	var product Product
	request, err := http.NewRequest(http.MethodGet, c.BaseURL+"/products/"+id, nil)
	if err != nil {
		return product, err
	}
	err = ask(request, http.StatusOK, &product)
	return product, err
}

// Add makes a product, and returns it with its id.
func (c Client) Add(name string, price float64) (Product, error) {
	var product Product
	body, err := json.Marshal(map[string]any{"name": name, "price": price})
	if err != nil {
		return product, err
	}
	request, err := http.NewRequest(http.MethodPost, c.BaseURL+"/products", bytes.NewReader(body))
	if err != nil {
		return product, err
	}
	request.Header.Set("Content-Type", "application/json")
	err = ask(request, http.StatusCreated, &product)
	return product, err
}

func ask(request *http.Request, status int, into any) error {
	request.Header.Set("Accept", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case status:
		return json.NewDecoder(response.Body).Decode(into)
	case http.StatusNotFound:
		return ErrMissing
	}
	return fmt.Errorf("%s %s: %s", request.Method, request.URL, response.Status)
}
