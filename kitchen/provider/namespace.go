package main

import (
	"context"

	"github.com/hashicorp/nomad/api"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type namespaceResource struct{ configured }

func newNamespace() resource.Resource { return &namespaceResource{} }

type capabilitiesModel struct {
	EnabledTaskDrivers   []string `tfsdk:"enabled_task_drivers"`
	DisabledTaskDrivers  []string `tfsdk:"disabled_task_drivers"`
	EnabledNetworkModes  []string `tfsdk:"enabled_network_modes"`
	DisabledNetworkModes []string `tfsdk:"disabled_network_modes"`
}

type namespaceModel struct {
	ID           types.String        `tfsdk:"id"`
	Name         types.String        `tfsdk:"name"`
	Quota        types.String        `tfsdk:"quota"`
	Meta         map[string]string   `tfsdk:"meta"`
	Capabilities []capabilitiesModel `tfsdk:"capabilities"`
	NodePool     types.List          `tfsdk:"node_pool_config"`
	Vault        types.List          `tfsdk:"vault_config"`
	Consul       types.List          `tfsdk:"consul_config"`
}

func (*namespaceResource) Metadata(_ context.Context, _ resource.MetadataRequest, response *resource.MetadataResponse) {
	response.TypeName = "nomad_namespace"
}

func (*namespaceResource) Schema(_ context.Context, _ resource.SchemaRequest, response *resource.SchemaResponse) {
	texts := schema.ListAttribute{Optional: true, ElementType: types.StringType}
	set := schema.SetAttribute{Optional: true, ElementType: types.StringType}
	text := schema.StringAttribute{Optional: true}
	// The three blocks below belong to Nomad Enterprise or to node pools: declared, refused when used.
	enterprise := func(first schema.Attribute) schema.Block {
		return schema.ListNestedBlock{
			Validators: []validatorList{refused("Eos does not emit it")},
			NestedObject: schema.NestedBlockObject{
				Attributes: map[string]schema.Attribute{"default": first, "allowed": set, "denied": set},
			},
		}
	}
	response.Schema = schema.Schema{
		Attributes: map[string]schema.Attribute{
			"id": computedID(),
			"name": schema.StringAttribute{
				Required:      true,
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"quota": text,
			"meta":  schema.MapAttribute{Optional: true, ElementType: types.StringType},
		},
		Blocks: map[string]schema.Block{
			"capabilities": schema.ListNestedBlock{
				Validators: []validatorList{atMostOne()},
				NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
					"enabled_task_drivers": texts, "disabled_task_drivers": texts,
					"enabled_network_modes": texts, "disabled_network_modes": texts,
				}},
			},
			"node_pool_config": enterprise(schema.StringAttribute{Optional: true, Computed: true}),
			"vault_config":     enterprise(text),
			"consul_config":    enterprise(text),
		},
	}
}

func (r *namespaceResource) write(model *namespaceModel) error {
	wanted := &api.Namespace{Name: model.Name.ValueString(), Quota: model.Quota.ValueString(), Meta: model.Meta}
	for _, one := range model.Capabilities {
		capabilities := api.NamespaceCapabilities(one)
		wanted.Capabilities = &capabilities
	}
	_, err := r.client.Namespaces().Register(wanted, nil)
	model.ID = model.Name
	return err
}

func (r *namespaceResource) Create(ctx context.Context, request resource.CreateRequest, response *resource.CreateResponse) {
	var model namespaceModel
	response.Diagnostics.Append(request.Plan.Get(ctx, &model)...)
	if response.Diagnostics.HasError() {
		return
	}
	if err := r.write(&model); err != nil {
		response.Diagnostics.AddError("namespace "+model.Name.ValueString()+" was not created", err.Error())
		return
	}
	response.Diagnostics.Append(response.State.Set(ctx, &model)...)
}

func (r *namespaceResource) Update(ctx context.Context, request resource.UpdateRequest, response *resource.UpdateResponse) {
	var model namespaceModel
	response.Diagnostics.Append(request.Plan.Get(ctx, &model)...)
	if response.Diagnostics.HasError() {
		return
	}
	if err := r.write(&model); err != nil {
		response.Diagnostics.AddError("namespace "+model.Name.ValueString()+" was not updated", err.Error())
		return
	}
	response.Diagnostics.Append(response.State.Set(ctx, &model)...)
}

func (r *namespaceResource) Read(ctx context.Context, request resource.ReadRequest, response *resource.ReadResponse) {
	var model namespaceModel
	response.Diagnostics.Append(request.State.Get(ctx, &model)...)
	if response.Diagnostics.HasError() {
		return
	}
	found, _, err := r.client.Namespaces().Info(model.ID.ValueString(), nil)
	if isNotFound(err) {
		response.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		response.Diagnostics.AddError("namespace "+model.ID.ValueString()+" was not read", err.Error())
		return
	}
	model.Name = types.StringValue(found.Name)
	model.Quota = emptyIsNull(found.Quota, model.Quota)
	if len(found.Meta) > 0 || model.Meta != nil {
		model.Meta = found.Meta
	}
	if found.Capabilities != nil {
		model.Capabilities = []capabilitiesModel{capabilitiesModel(*found.Capabilities)}
	}
	response.Diagnostics.Append(response.State.Set(ctx, &model)...)
}

func (r *namespaceResource) Delete(ctx context.Context, request resource.DeleteRequest, response *resource.DeleteResponse) {
	var model namespaceModel
	response.Diagnostics.Append(request.State.Get(ctx, &model)...)
	if response.Diagnostics.HasError() {
		return
	}
	if _, err := r.client.Namespaces().Delete(model.ID.ValueString(), nil); err != nil && !isNotFound(err) {
		response.Diagnostics.AddError("namespace "+model.ID.ValueString()+" was not deleted", err.Error())
	}
}

func (*namespaceResource) ImportState(ctx context.Context, request resource.ImportStateRequest, response *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), request, response)
}
