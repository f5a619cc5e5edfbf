package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// attributes flattens a block of the protocol into "path" → "type and flags".
func attributes(prefix string, block *tfprotov5.SchemaBlock, into map[string]string) {
	for _, one := range block.Attributes {
		into[prefix+one.Name] = describe(typeOf(one.Type), one.Required, one.Optional, one.Computed, one.Sensitive, one.Deprecated, one.WriteOnly)
	}
	for _, nested := range block.BlockTypes {
		into[prefix+nested.TypeName] = "block " + nestings[nested.Nesting]
		attributes(prefix+nested.TypeName+".", nested.Block, into)
	}
}

var nestings = map[tfprotov5.SchemaNestedBlockNestingMode]string{
	tfprotov5.SchemaNestedBlockNestingModeSingle: "single",
	tfprotov5.SchemaNestedBlockNestingModeList:   "list",
	tfprotov5.SchemaNestedBlockNestingModeSet:    "set",
}

func describe(kind any, flags ...bool) string {
	text, _ := json.Marshal(kind)
	return fmt.Sprintf("%s required=%t optional=%t computed=%t sensitive=%t deprecated=%t write_only=%t", text, flags[0], flags[1], flags[2], flags[3], flags[4], flags[5])
}

func typeOf(kind tftypes.Type) any {
	text, err := kind.MarshalJSON() //nolint:staticcheck // the protocol's own form of a type
	if err != nil {
		panic(err)
	}
	var parsed any
	if err := json.Unmarshal(text, &parsed); err != nil {
		panic(err)
	}
	return parsed
}

type fileBlock struct {
	Attributes map[string]struct {
		Type                                                any
		Required, Optional, Computed, Sensitive, Deprecated bool
		WriteOnly                                           bool `json:"write_only"`
	}
	BlockTypes map[string]struct {
		Block       fileBlock
		NestingMode string `json:"nesting_mode"`
	} `json:"block_types"`
}

func fromFile(prefix string, block fileBlock, into map[string]string) {
	for name, one := range block.Attributes {
		into[prefix+name] = describe(one.Type, one.Required, one.Optional, one.Computed, one.Sensitive, one.Deprecated, one.WriteOnly)
	}
	for name, nested := range block.BlockTypes {
		into[prefix+name] = "block " + nested.NestingMode
		fromFile(prefix+name+".", nested.Block, into)
	}
}

func served(t *testing.T) map[string]map[string]string {
	t.Helper()
	server, err := providerserver.NewProtocol5WithError(newProvider())()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := server.GetProviderSchema(context.Background(), &tfprotov5.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range answer.Diagnostics {
		t.Errorf("%s: %s", problem.Summary, problem.Detail)
	}
	found := map[string]map[string]string{"provider": {}}
	attributes("", answer.Provider.Block, found["provider"])
	for name, schema := range answer.ResourceSchemas {
		found[name] = map[string]string{}
		attributes("", schema.Block, found[name])
	}
	return found
}

func recorded(t *testing.T) map[string]map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Provider  struct{ Block fileBlock }
		Resources map[string]struct{ Block fileBlock }
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	wanted := map[string]map[string]string{"provider": {}}
	fromFile("", file.Provider.Block, wanted["provider"])
	for name, schema := range file.Resources {
		wanted[name] = map[string]string{}
		fromFile("", schema.Block, wanted[name])
	}
	return wanted
}

func differences(found, wanted map[string]map[string]string) []string {
	problems := []string{}
	for name := range wanted {
		for path, text := range wanted[name] {
			if found[name][path] != text {
				problems = append(problems, fmt.Sprintf("%s %s: found %q, the real provider has %q", name, path, found[name][path], text))
			}
		}
		for path := range found[name] {
			if _, known := wanted[name][path]; !known {
				problems = append(problems, fmt.Sprintf("%s %s: the real provider has no such thing", name, path))
			}
		}
	}
	if len(found) != len(wanted) {
		problems = append(problems, fmt.Sprintf("%d schemas, expected %d", len(found), len(wanted)))
	}
	return problems
}

func TestSchemaIsThatOfTheRealProvider(t *testing.T) {
	found, wanted := served(t), recorded(t)
	if len(wanted["nomad_job"]) < 30 {
		t.Fatalf("only %d attributes of nomad_job are recorded", len(wanted["nomad_job"]))
	}
	for _, problem := range differences(found, wanted) {
		t.Error(problem)
	}
}

// The mutation: a flag that differs, an attribute too many and one too few are each found.
func TestComparisonFindsADifference(t *testing.T) {
	wanted := recorded(t)
	for _, change := range []func(map[string]string){
		func(job map[string]string) { job["detach"] = describe("bool", true, false, false, false, false, false) },
		func(job map[string]string) { job["invented"] = job["detach"] },
		func(job map[string]string) { delete(job, "jobspec") },
	} {
		found := served(t)
		change(found["nomad_job"])
		if len(differences(found, wanted)) != 1 {
			t.Errorf("expected one difference, found %v", differences(found, wanted))
		}
	}
}

func TestJobIsReadBareOrInItsEnvelope(t *testing.T) {
	bare, err := parseJob(`{"ID":"web","TaskGroups":[]}`, true)
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := parseJob(`{"Job": {"TaskGroups": [], "ID": "web"}}`, true)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(bare, wrapped) {
		t.Error("the two forms differ")
	}
	if !isSameJob(`{"ID":"web"}`, `{ "ID": "web" }`) || isSameJob(`{"ID":"web"}`, `{"ID":"db"}`) {
		t.Error("the layout of the text counts, or its content does not")
	}
	for _, wrong := range []string{`{}`, `[`, `{"ID":""}`} {
		if _, err := parseJob(wrong, true); err == nil {
			t.Errorf("%s was accepted", wrong)
		}
	}
	if _, err := parseJob(`job "web" {}`, false); err == nil {
		t.Error("HCL was accepted")
	}
}

func TestSizes(t *testing.T) {
	for text, wanted := range map[string]int64{"": 0, "12": 12, "10GiB": 10 << 30, "1 MB": 1_000_000} {
		if found, err := parseBytes(text); err != nil || found != wanted {
			t.Errorf("%q: found %d, %v; expected %d", text, found, err, wanted)
		}
	}
	if _, err := parseBytes("ten"); err == nil {
		t.Error("a word was accepted as a size")
	}
}
