// golang.org/x/mod/sumdb/dirhash: the directory hash of a model folder against the one in an export.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/dirhash"
)

// component is the part of a CycloneDX component that holds the stated hash.
type component struct {
	Components []struct {
		Properties []struct{ Name, Value string }
	}
}

func main() {
	export, folder := os.Args[1], os.Args[2]
	data, err := os.ReadFile(export)
	if err != nil {
		fault(err)
	}
	var document struct {
		Metadata struct{ Component component }
	}
	if err := json.Unmarshal(data, &document); err != nil {
		fault(err)
	}
	computed, err := dirhash.HashDir(folder, "", dirhash.Hash1)
	if err != nil {
		fault(err)
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(computed, "h1:"))
	if err != nil {
		fault(err)
	}
	for _, part := range document.Metadata.Component.Components {
		for _, property := range part.Properties {
			if property.Name != "provenir:artifact:dirHash1" {
				continue
			}
			if property.Value == fmt.Sprintf("%x", raw) {
				fmt.Println("accepted")
				return
			}
			fmt.Printf("refused: stated %s, computed %x\n", property.Value, raw)
			os.Exit(1)
		}
	}
	fmt.Println("refused: no dirHash1 is stated")
	os.Exit(1)
}

func fault(err error) {
	fmt.Println("fault:", err)
	os.Exit(3)
}
