package main

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type validatorList = validator.List

// computedID is the `id` that the real provider's SDK gives every resource: optional and computed.
func computedID() schema.StringAttribute {
	return schema.StringAttribute{
		Optional: true, Computed: true,
		PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
}

// emptyIsNull keeps a null that Nomad answers with an empty text.
func emptyIsNull(found string, before types.String) types.String {
	if found == "" && before.IsNull() {
		return before
	}
	return types.StringValue(found)
}

type listRule struct {
	most int
	says string
}

// atMostOne refuses a second block; the protocol has no place for it in a framework schema.
func atMostOne() validator.List { return listRule{1, "at most one block is allowed"} }

// refused is a block of the real schema that the stand-in does not carry out.
func refused(why string) validator.List { return listRule{0, "not part of the stand-in: " + why} }

func (r listRule) Description(context.Context) string         { return r.says }
func (r listRule) MarkdownDescription(context.Context) string { return r.says }

func (r listRule) ValidateList(_ context.Context, request validator.ListRequest, response *validator.ListResponse) {
	if count := len(request.ConfigValue.Elements()); count > r.most {
		response.Diagnostics.AddAttributeError(request.Path, r.says, fmt.Sprintf("found %d, expected %d or fewer", count, r.most))
	}
}
