// Go's client: as it comes, which reads the proxy variables, and with a transport of its own, which does not.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
)

func ask(client *http.Client, method, url, body string) (string, error) {
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	if body != "" {
		request.Header.Set("content-type", "application/json")
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return fmt.Sprintf("%d %s", response.StatusCode, text), err
}

func exercise(client *http.Client, at string) error {
	steps := [][4]string{
		{"GET", "/item", "", `200 {"id":"10"}`},
		{"POST", "/items", `{"name":"Lamp"}`, `201 {"name":"Lamp"}`},
		{"PUT", "/upload", strings.Repeat("x", 5242880), `200 {"size":5242880}`},
		{"DELETE", "/item", "", "204 "},
		{"GET", "/old", "", `200 {"id":"10"}`},
	}
	for _, step := range steps {
		got, err := ask(client, step[0], at+step[1], step[2])
		if err != nil {
			return err
		}
		if got != step[3] {
			return fmt.Errorf("expected %s, got %s", step[3], got)
		}
	}
	var wait sync.WaitGroup
	failures := make(chan error, 10)
	for each := 0; each < 10; each++ {
		wait.Add(1)
		go func(number int) {
			defer wait.Done()
			got, err := ask(client, "GET", fmt.Sprintf("%s/parallel/%d", at, number), "")
			if expected := fmt.Sprintf(`200 {"number":"%d"}`, number); err == nil && got != expected {
				err = fmt.Errorf("expected %s, got %s", expected, got)
			}
			if err != nil {
				failures <- err
			}
		}(each)
	}
	wait.Wait()
	close(failures)
	return <-failures
}

func main() {
	clients := map[string]*http.Client{
		"go-default":       {},
		"go-own-transport": {Transport: &http.Transport{}},
	}
	for _, name := range os.Args[1:] {
		for _, each := range [][2]string{{"plain", "http://plain.client.test"}, {"TLS", "https://secure.client.test"}} {
			if err := exercise(clients[name], each[1]+"/"+name); err != nil {
				fmt.Printf("failed %s %s: %s\n", name, each[0], err)
			} else {
				fmt.Printf("ok %s %s\n", name, each[0])
			}
		}
	}
}
