package fhir

import (
	"strings"
	"time"
)

// Service describes this installation in the CapabilityStatement.
type Service struct {
	Base    string
	Version string // of the program
	Started time.Time
}

type (
	capabilityParam struct {
		Name          string `json:"name"`
		Definition    string `json:"definition,omitempty"`
		Type          string `json:"type"`
		Documentation string `json:"documentation"`
	}
	capabilityCode struct {
		Code string `json:"code"`
	}
	capabilityResource struct {
		Type              string            `json:"type"`
		SupportedProfile  []string          `json:"supportedProfile,omitempty"`
		Documentation     string            `json:"documentation"`
		Interaction       []capabilityCode  `json:"interaction"`
		Versioning        string            `json:"versioning"`
		ConditionalRead   string            `json:"conditionalRead"`
		ConditionalCreate bool              `json:"conditionalCreate,omitempty"`
		SearchParam       []capabilityParam `json:"searchParam"`
	}
	capabilitySecurity struct {
		Description string `json:"description"`
	}
	capabilityRest struct {
		Mode        string               `json:"mode"`
		Security    capabilitySecurity   `json:"security"`
		Resource    []capabilityResource `json:"resource"`
		Interaction []capabilityCode     `json:"interaction"`
	}
	capabilitySoftware struct {
		Name    string `json:"name"`
		Version string `json:"version,omitempty"`
	}
	capabilityImplementation struct {
		Description string `json:"description"`
		URL         string `json:"url"`
	}
	capabilityStatement struct {
		ResourceType   string                   `json:"resourceType"`
		Status         string                   `json:"status"`
		Date           string                   `json:"date"`
		Kind           string                   `json:"kind"`
		Software       capabilitySoftware       `json:"software"`
		Implementation capabilityImplementation `json:"implementation"`
		FHIRVersion    string                   `json:"fhirVersion"`
		Format         []string                 `json:"format"`
		Rest           []capabilityRest         `json:"rest"`
	}
)

// AppendCapability adds the CapabilityStatement, made from the catalog.
func AppendCapability(dst []byte, service Service) []byte {
	rest := capabilityRest{
		Mode: "server",
		Security: capabilitySecurity{
			Description: "Session cookie of the dashboard, or Authorization: Bearer with the same token. " +
				"A reader sees the patients of their own units; those of others are not found. " +
				"Uploads: a technician's session, or HTTP Basic with the id and the secret of an enrolled hub.",
		},
		Interaction: []capabilityCode{{interactionTransaction}, {interactionBatch}},
	}
	for _, r := range Catalog() {
		rest.Resource = append(rest.Resource, capabilityOf(r))
	}
	return appendJSON(dst, capabilityStatement{
		ResourceType:   "CapabilityStatement",
		Status:         "active",
		Date:           instant(service.Started),
		Kind:           "instance",
		Software:       capabilitySoftware{Name: "Vigil", Version: service.Version},
		Implementation: capabilityImplementation{Description: "Vigil remote patient monitoring", URL: service.Base},
		FHIRVersion:    Version,
		Format:         []string{"application/fhir+json", "json"},
		Rest:           []capabilityRest{rest},
	})
}

func capabilityOf(r *Resource) capabilityResource {
	resource := capabilityResource{
		Type:             r.Type,
		SupportedProfile: r.profiles,
		Interaction:      []capabilityCode{{interactionRead}, {interactionSearch}},
		Versioning:       "no-version",
		ConditionalRead:  "not-match",
	}
	if r.created {
		resource.Interaction = append(resource.Interaction, capabilityCode{interactionCreate})
		resource.ConditionalCreate = true
	}
	if r.Versioned {
		resource.Versioning = "versioned"
	}
	shaping := []string{r.Doc, "Search results:"}
	for _, p := range r.Params {
		if p.Type == "" {
			shaping = append(shaping, p.Name+": "+p.Doc)
			continue
		}
		param := capabilityParam{Name: p.Name, Type: p.Type, Documentation: p.Doc}
		if p.definition != "" {
			param.Definition = searchParameterBase + p.definition
		}
		resource.SearchParam = append(resource.SearchParam, param)
	}
	resource.Documentation = strings.Join(shaping, " ")
	return resource
}
