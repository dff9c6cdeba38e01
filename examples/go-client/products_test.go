package shop

import (
	"errors"
	"testing"
)

var client = Client{BaseURL: "https://api.example.com/v1"}

func TestAProduct(t *testing.T) {
	product, err := client.Product("10")
	if want := (Product{"10", "Kettle", 12.5}); err != nil || product != want {
		t.Fatalf("got %v, %v", product, err)
	}
}

func TestAProductThatIsNotThere(t *testing.T) {
	if _, err := client.Product("99"); !errors.Is(err, ErrMissing) {
		t.Fatalf("got %v", err)
	}
}

func TestAddingAProduct(t *testing.T) {
	product, err := client.Add("Lamp", 30)
	if err != nil || product.ID == "" || product.Name != "Lamp" {
		t.Fatalf("got %v, %v", product, err)
	}
}
