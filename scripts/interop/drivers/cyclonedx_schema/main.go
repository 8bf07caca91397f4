// gojsonschema: a CycloneDX document against the schema files of a folder; nothing is fetched.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/xeipuuv/gojsonschema"
)

func main() {
	document, folder, version := os.Args[1], os.Args[2], os.Args[3]
	loader := gojsonschema.NewSchemaLoader()
	loader.Draft = gojsonschema.Draft7
	loader.AutoDetect = false
	for _, name := range []string{"spdx", "jsf-0.82", "cryptography-defs"} {
		path := filepath.Join(folder, name+".SNAPSHOT.schema.json")
		if _, err := os.Stat(path); err != nil {
			continue // older folders do not carry every one of them
		}
		data, err := os.ReadFile(path)
		if err != nil {
			fault(err)
		}
		address := "http://cyclonedx.org/schema/" + filepath.Base(path)
		if err := loader.AddSchema(address, gojsonschema.NewBytesLoader(data)); err != nil {
			fault(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(folder, "bom-"+version+".SNAPSHOT.schema.json"))
	if err != nil {
		fault(err)
	}
	schema, err := loader.Compile(gojsonschema.NewBytesLoader(text))
	if err != nil {
		fault(err)
	}
	data, err := os.ReadFile(document)
	if err != nil {
		fault(err)
	}
	result, err := schema.Validate(gojsonschema.NewBytesLoader(data))
	if err != nil {
		fault(err)
	}
	if result.Valid() {
		fmt.Println("accepted")
		return
	}
	fmt.Println("refused:", result.Errors()[0])
	os.Exit(1)
}

func fault(err error) {
	fmt.Println("fault:", err)
	os.Exit(3)
}
