package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func (*hostVolumeResource) Schema(_ context.Context, _ resource.SchemaRequest, response *resource.SchemaResponse) {
	kept := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	replacing := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	placed := []planmodifier.String{stringplanmodifier.UseStateForUnknown(), stringplanmodifier.RequiresReplaceIfConfigured()}
	text := schema.StringAttribute{Optional: true}
	required := schema.StringAttribute{Required: true}
	computed := schema.StringAttribute{Computed: true, PlanModifiers: kept}
	size := schema.Int64Attribute{Computed: true}
	response.Schema = schema.Schema{
		Attributes: map[string]schema.Attribute{
			"capacity": schema.StringAttribute{Computed: true}, "capacity_bytes": size,
			"capacity_max": text, "capacity_max_bytes": size, "capacity_min": text, "capacity_min_bytes": size,
			"host_path": computed, "id": computed, "state": computed,
			"name":       schema.StringAttribute{Required: true, PlanModifiers: replacing},
			"namespace":  schema.StringAttribute{Optional: true, PlanModifiers: replacing},
			"node_id":    schema.StringAttribute{Optional: true, Computed: true, PlanModifiers: placed},
			"node_pool":  schema.StringAttribute{Optional: true, Computed: true, PlanModifiers: placed},
			"parameters": schema.MapAttribute{Optional: true, ElementType: types.StringType},
			"plugin_id":  schema.StringAttribute{Required: true, PlanModifiers: replacing},
		},
		Blocks: map[string]schema.Block{
			"capability": schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{
				Attributes: map[string]schema.Attribute{"access_mode": required, "attachment_mode": required},
			}},
			"constraint": schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{
				Attributes: map[string]schema.Attribute{"attribute": required, "operator": text, "value": text},
			}},
		},
	}
}
