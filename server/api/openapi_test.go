package api_test

import (
	"encoding/json"
	"os"
	"testing"

	"vigil/server/api"
)

func TestOpenAPIIsWrittenWithoutADatabase(t *testing.T) {
	t.Parallel()
	text, err := api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	if out := os.Getenv("OUT"); out != "" {
		os.WriteFile(out, text, 0o600)
	}
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
}
