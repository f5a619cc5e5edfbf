package main

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/hashicorp/nomad/api"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type hostVolumeResource struct{ configured }

func newHostVolume() resource.Resource { return &hostVolumeResource{} }

type volumeCapability struct {
	AccessMode     string `tfsdk:"access_mode"`
	AttachmentMode string `tfsdk:"attachment_mode"`
}

type volumeConstraint struct {
	Attribute types.String `tfsdk:"attribute"`
	Operator  types.String `tfsdk:"operator"`
	Value     types.String `tfsdk:"value"`
}

type hostVolumeModel struct {
	Capacity         types.String       `tfsdk:"capacity"`
	CapacityBytes    types.Int64        `tfsdk:"capacity_bytes"`
	CapacityMax      types.String       `tfsdk:"capacity_max"`
	CapacityMaxBytes types.Int64        `tfsdk:"capacity_max_bytes"`
	CapacityMin      types.String       `tfsdk:"capacity_min"`
	CapacityMinBytes types.Int64        `tfsdk:"capacity_min_bytes"`
	HostPath         types.String       `tfsdk:"host_path"`
	ID               types.String       `tfsdk:"id"`
	Name             types.String       `tfsdk:"name"`
	Namespace        types.String       `tfsdk:"namespace"`
	NodeID           types.String       `tfsdk:"node_id"`
	NodePool         types.String       `tfsdk:"node_pool"`
	Parameters       types.Map          `tfsdk:"parameters"`
	PluginID         types.String       `tfsdk:"plugin_id"`
	State            types.String       `tfsdk:"state"`
	Capability       []volumeCapability `tfsdk:"capability"`
	Constraint       []volumeConstraint `tfsdk:"constraint"`
}

func (*hostVolumeResource) Metadata(_ context.Context, _ resource.MetadataRequest, response *resource.MetadataResponse) {
	response.TypeName = "nomad_dynamic_host_volume"
}

// apply creates the volume, or updates the one with the model's id, and waits until it is ready.
func (r *hostVolumeResource) apply(ctx context.Context, model *hostVolumeModel) error {
	least, err := parseBytes(model.CapacityMin.ValueString())
	if err != nil {
		return err
	}
	most, err := parseBytes(model.CapacityMax.ValueString())
	if err != nil {
		return err
	}
	wanted := &api.HostVolume{
		ID: model.ID.ValueString(), Namespace: model.Namespace.ValueString(), Name: model.Name.ValueString(),
		PluginID: model.PluginID.ValueString(), NodeID: model.NodeID.ValueString(), NodePool: model.NodePool.ValueString(),
		RequestedCapacityMinBytes: least, RequestedCapacityMaxBytes: most,
	}
	model.Parameters.ElementsAs(ctx, &wanted.Parameters, false)
	for _, one := range model.Capability {
		wanted.RequestedCapabilities = append(wanted.RequestedCapabilities, &api.HostVolumeCapability{
			AttachmentMode: api.HostVolumeAttachmentMode(one.AttachmentMode),
			AccessMode:     api.HostVolumeAccessMode(one.AccessMode),
		})
	}
	for _, one := range model.Constraint {
		wanted.Constraints = append(wanted.Constraints, &api.Constraint{
			LTarget: one.Attribute.ValueString(), Operand: one.Operator.ValueString(), RTarget: one.Value.ValueString(),
		})
	}
	write := (&api.WriteOptions{Namespace: wanted.Namespace}).WithContext(ctx)
	answer, _, err := r.client.HostVolumes().Create(&api.HostVolumeCreateRequest{Volume: wanted}, write)
	if err != nil {
		return err
	}
	return r.untilReady(ctx, answer.Volume.ID, model)
}

func (r *hostVolumeResource) untilReady(ctx context.Context, id string, model *hostVolumeModel) error {
	deadline := time.Now().Add(2 * time.Minute)
	for {
		found, _, err := r.client.HostVolumes().Get(id, r.query(ctx, model))
		if err != nil {
			return err
		}
		model.fill(ctx, found)
		if found.State == api.HostVolumeStateReady {
			return nil
		}
		if found.State == api.HostVolumeStateUnavailable || time.Now().After(deadline) {
			return fmt.Errorf("volume %s on node %s is %s; expected ready: read the client's log there", found.Name, found.NodeID, found.State)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func (*hostVolumeResource) query(ctx context.Context, model *hostVolumeModel) *api.QueryOptions {
	return (&api.QueryOptions{Namespace: model.Namespace.ValueString()}).WithContext(ctx)
}

func (m *hostVolumeModel) fill(ctx context.Context, found *api.HostVolume) {
	m.ID, m.Name, m.PluginID = types.StringValue(found.ID), types.StringValue(found.Name), types.StringValue(found.PluginID)
	if !m.Namespace.IsNull() || found.Namespace != "default" {
		m.Namespace = types.StringValue(found.Namespace)
	}
	m.NodeID, m.NodePool = types.StringValue(found.NodeID), types.StringValue(found.NodePool)
	m.HostPath, m.State = types.StringValue(found.HostPath), types.StringValue(string(found.State))
	m.CapacityBytes = types.Int64Value(found.CapacityBytes)
	m.Capacity = types.StringValue(strconv.FormatInt(found.CapacityBytes, 10) + " B")
	m.CapacityMinBytes = types.Int64Value(found.RequestedCapacityMinBytes)
	m.CapacityMaxBytes = types.Int64Value(found.RequestedCapacityMaxBytes)
	if len(found.Parameters) > 0 {
		m.Parameters, _ = types.MapValueFrom(ctx, types.StringType, found.Parameters)
	} else if m.Parameters.IsUnknown() || !m.Parameters.IsNull() && len(m.Parameters.Elements()) > 0 {
		m.Parameters = types.MapNull(types.StringType)
	}
	m.Capability = nil
	for _, one := range found.RequestedCapabilities {
		m.Capability = append(m.Capability, volumeCapability{string(one.AccessMode), string(one.AttachmentMode)})
	}
}

func (r *hostVolumeResource) Create(ctx context.Context, request resource.CreateRequest, response *resource.CreateResponse) {
	var model hostVolumeModel
	response.Diagnostics.Append(request.Plan.Get(ctx, &model)...)
	if response.Diagnostics.HasError() {
		return
	}
	model.ID = types.StringNull()
	response.Diagnostics.Append(said("volume "+model.Name.ValueString()+" was not created", r.apply(ctx, &model))...)
	if !model.ID.IsNull() {
		response.Diagnostics.Append(response.State.Set(ctx, &model)...)
	}
}

func (r *hostVolumeResource) Update(ctx context.Context, request resource.UpdateRequest, response *resource.UpdateResponse) {
	var model hostVolumeModel
	response.Diagnostics.Append(request.Plan.Get(ctx, &model)...)
	if response.Diagnostics.HasError() {
		return
	}
	response.Diagnostics.Append(said("volume "+model.Name.ValueString()+" was not updated", r.apply(ctx, &model))...)
	if !response.Diagnostics.HasError() {
		response.Diagnostics.Append(response.State.Set(ctx, &model)...)
	}
}

func (r *hostVolumeResource) Read(ctx context.Context, request resource.ReadRequest, response *resource.ReadResponse) {
	var model hostVolumeModel
	response.Diagnostics.Append(request.State.Get(ctx, &model)...)
	if response.Diagnostics.HasError() {
		return
	}
	found, _, err := r.client.HostVolumes().Get(model.ID.ValueString(), r.query(ctx, &model))
	if isNotFound(err) {
		response.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		response.Diagnostics.AddError("volume "+model.ID.ValueString()+" was not read", err.Error())
		return
	}
	model.fill(ctx, found)
	response.Diagnostics.Append(response.State.Set(ctx, &model)...)
}

func (r *hostVolumeResource) Delete(ctx context.Context, request resource.DeleteRequest, response *resource.DeleteResponse) {
	var model hostVolumeModel
	response.Diagnostics.Append(request.State.Get(ctx, &model)...)
	if response.Diagnostics.HasError() {
		return
	}
	write := (&api.WriteOptions{Namespace: model.Namespace.ValueString()}).WithContext(ctx)
	_, _, err := r.client.HostVolumes().Delete(&api.HostVolumeDeleteRequest{ID: model.ID.ValueString()}, write)
	if err != nil && !isNotFound(err) {
		response.Diagnostics.AddError("volume "+model.ID.ValueString()+" was not deleted", err.Error())
	}
}

func (*hostVolumeResource) ImportState(ctx context.Context, request resource.ImportStateRequest, response *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), request, response)
}

func said(what string, err error) diag.Diagnostics {
	if err == nil {
		return nil
	}
	return diag.Diagnostics{diag.NewErrorDiagnostic(what, err.Error())}
}

var sizeForm = regexp.MustCompile(`^(\d+)\s*(B|KiB|MiB|GiB|TiB|KB|MB|GB|TB)?$`)

// parseBytes reads a size such as `10GiB`; an empty text is 0.
func parseBytes(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	parts := sizeForm.FindStringSubmatch(text)
	if parts == nil {
		return 0, fmt.Errorf("%q is no size; expected a whole number with B, KiB, MiB, GiB, TiB, KB, MB, GB or TB", text)
	}
	number, err := strconv.ParseInt(parts[1], 10, 64)
	units := map[string]int64{"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
	return number * units[parts[2]], err
}
