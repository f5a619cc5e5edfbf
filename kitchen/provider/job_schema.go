package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var (
	constraintType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"ltarget": types.StringType, "operand": types.StringType, "rtarget": types.StringType,
	}}
	periodicType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"enabled": types.BoolType, "prohibit_overlap": types.BoolType, "spec": types.StringType,
		"spec_type": types.StringType, "timezone": types.StringType,
	}}
	updateType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"auto_revert": types.BoolType, "canary": types.Int64Type, "health_check": types.StringType,
		"healthy_deadline": types.StringType, "max_parallel": types.Int64Type,
		"min_healthy_time": types.StringType, "stagger": types.StringType,
	}}
	mountType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"destination": types.StringType, "read_only": types.BoolType, "volume": types.StringType,
	}}
	taskType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"driver": types.StringType, "meta": types.MapType{ElemType: types.StringType}, "name": types.StringType,
		"volume_mounts": types.ListType{ElemType: mountType},
	}}
	volumeType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"name": types.StringType, "read_only": types.BoolType, "source": types.StringType, "type": types.StringType,
	}}
	groupType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"count": types.Int64Type, "meta": types.MapType{ElemType: types.StringType}, "name": types.StringType,
		"task": types.ListType{ElemType: taskType}, "update_strategy": types.ListType{ElemType: updateType},
		"volumes": types.ListType{ElemType: volumeType},
	}}
)

// jobModel is the state of a nomad_job; every field is an attribute or block of the real schema.
type jobModel struct {
	AllAtOnce            types.Bool   `tfsdk:"all_at_once"`
	AllocationIDs        types.List   `tfsdk:"allocation_ids"`
	Constraints          types.List   `tfsdk:"constraints"`
	CreateIndex          types.Int64  `tfsdk:"create_index"`
	Datacenters          types.Set    `tfsdk:"datacenters"`
	DeploymentID         types.String `tfsdk:"deployment_id"`
	DeploymentStatus     types.String `tfsdk:"deployment_status"`
	DeregisterOnDestroy  types.Bool   `tfsdk:"deregister_on_destroy"`
	DeregisterOnIDChange types.Bool   `tfsdk:"deregister_on_id_change"`
	Detach               types.Bool   `tfsdk:"detach"`
	ID                   types.String `tfsdk:"id"`
	Jobspec              types.String `tfsdk:"jobspec"`
	JSON                 types.Bool   `tfsdk:"json"`
	ModifyIndex          types.String `tfsdk:"modify_index"`
	Name                 types.String `tfsdk:"name"`
	Namespace            types.String `tfsdk:"namespace"`
	ParentID             types.String `tfsdk:"parent_id"`
	PeriodicConfig       types.List   `tfsdk:"periodic_config"`
	PolicyOverride       types.Bool   `tfsdk:"policy_override"`
	PreserveCounts       types.Bool   `tfsdk:"preserve_counts"`
	Priority             types.Int64  `tfsdk:"priority"`
	PurgeOnDestroy       types.Bool   `tfsdk:"purge_on_destroy"`
	ReadAllocationIDs    types.Bool   `tfsdk:"read_allocation_ids"`
	Region               types.String `tfsdk:"region"`
	RerunIfDead          types.Bool   `tfsdk:"rerun_if_dead"`
	Stable               types.Bool   `tfsdk:"stable"`
	Status               types.String `tfsdk:"status"`
	StatusDescription    types.String `tfsdk:"status_description"`
	Stop                 types.Bool   `tfsdk:"stop"`
	SubmitTime           types.String `tfsdk:"submit_time"`
	TaskGroups           types.List   `tfsdk:"task_groups"`
	Type                 types.String `tfsdk:"type"`
	UpdateStrategy       types.List   `tfsdk:"update_strategy"`
	Version              types.Int64  `tfsdk:"version"`
	HCL2                 types.List   `tfsdk:"hcl2"`
	Timeouts             types.Object `tfsdk:"timeouts"`
}

func (*jobResource) Schema(_ context.Context, _ resource.SchemaRequest, response *resource.SchemaResponse) {
	text := schema.StringAttribute{Computed: true}
	number := schema.Int64Attribute{Computed: true}
	claim := schema.BoolAttribute{Computed: true}
	flag := schema.BoolAttribute{Optional: true}
	duration := schema.StringAttribute{Optional: true}
	list := func(of attr.Type) schema.Attribute { return schema.ListAttribute{Computed: true, ElementType: of} }
	response.Schema = schema.Schema{
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Optional: true, Computed: true},
			"jobspec": schema.StringAttribute{
				Required:      true,
				PlanModifiers: []planmodifier.String{sameJob{}},
			},
			"detach": flag, "deregister_on_destroy": flag, "deregister_on_id_change": flag, "json": flag,
			"policy_override": flag, "preserve_counts": flag, "purge_on_destroy": flag, "rerun_if_dead": flag,
			"read_allocation_ids": schema.BoolAttribute{Optional: true, DeprecationMessage: "Reads the allocations of one moment."},
			"all_at_once":         claim, "stable": claim, "stop": claim,
			"create_index": number, "priority": number, "version": number,
			"deployment_id": text, "deployment_status": text, "modify_index": text, "name": text, "namespace": text,
			"parent_id": text, "region": text, "status": text, "status_description": text, "submit_time": text, "type": text,
			"allocation_ids": schema.ListAttribute{
				Computed: true, ElementType: types.StringType, DeprecationMessage: "Allocations of one moment.",
			},
			"datacenters": schema.SetAttribute{Computed: true, ElementType: types.StringType},
			"constraints": list(constraintType), "periodic_config": list(periodicType),
			"task_groups": list(groupType), "update_strategy": list(updateType),
		},
		Blocks: map[string]schema.Block{
			"hcl2": schema.ListNestedBlock{
				Validators: []validatorList{refused("Eos emits jobs as JSON: set json = true and leave hcl2 out")},
				NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
					"allow_fs": flag, "vars": schema.MapAttribute{Optional: true, ElementType: types.StringType},
				}},
			},
			"timeouts": schema.SingleNestedBlock{Attributes: map[string]schema.Attribute{"create": duration, "update": duration}},
		},
	}
}
