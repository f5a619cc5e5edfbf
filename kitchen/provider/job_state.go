package main

import (
	"context"
	"strconv"
	"time"

	"github.com/hashicorp/nomad/api"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type constraintModel struct {
	Left    string `tfsdk:"ltarget"`
	Operand string `tfsdk:"operand"`
	Right   string `tfsdk:"rtarget"`
}

type periodicModel struct {
	Enabled         bool   `tfsdk:"enabled"`
	ProhibitOverlap bool   `tfsdk:"prohibit_overlap"`
	Spec            string `tfsdk:"spec"`
	SpecType        string `tfsdk:"spec_type"`
	Timezone        string `tfsdk:"timezone"`
}

type updateModel struct {
	AutoRevert      bool   `tfsdk:"auto_revert"`
	Canary          int64  `tfsdk:"canary"`
	HealthCheck     string `tfsdk:"health_check"`
	HealthyDeadline string `tfsdk:"healthy_deadline"`
	MaxParallel     int64  `tfsdk:"max_parallel"`
	MinHealthyTime  string `tfsdk:"min_healthy_time"`
	Stagger         string `tfsdk:"stagger"`
}

type mountModel struct {
	Destination string `tfsdk:"destination"`
	ReadOnly    bool   `tfsdk:"read_only"`
	Volume      string `tfsdk:"volume"`
}

type taskModel struct {
	Driver       string            `tfsdk:"driver"`
	Meta         map[string]string `tfsdk:"meta"`
	Name         string            `tfsdk:"name"`
	VolumeMounts []mountModel      `tfsdk:"volume_mounts"`
}

type volumeModel struct {
	Name     string `tfsdk:"name"`
	ReadOnly bool   `tfsdk:"read_only"`
	Source   string `tfsdk:"source"`
	Type     string `tfsdk:"type"`
}

type groupModel struct {
	Count          int64             `tfsdk:"count"`
	Meta           map[string]string `tfsdk:"meta"`
	Name           string            `tfsdk:"name"`
	Task           []taskModel       `tfsdk:"task"`
	UpdateStrategy []updateModel     `tfsdk:"update_strategy"`
	Volumes        []volumeModel     `tfsdk:"volumes"`
}

func or[T any](pointer *T, standard T) T {
	if pointer == nil {
		return standard
	}
	return *pointer
}

// fillJob copies what the server says of the job into the computed attributes.
func fillJob(ctx context.Context, model *jobModel, job *api.Job) {
	text := func(pointer *string) types.String { return types.StringValue(or(pointer, "")) }
	model.ID, model.Name, model.Namespace, model.Region = text(job.ID), text(job.Name), text(job.Namespace), text(job.Region)
	model.Type, model.Status, model.StatusDescription = text(job.Type), text(job.Status), text(job.StatusDescription)
	model.ParentID = text(job.ParentID)
	model.AllAtOnce, model.Stop, model.Stable = types.BoolValue(or(job.AllAtOnce, false)), types.BoolValue(or(job.Stop, false)), types.BoolValue(or(job.Stable, false))
	model.Priority = types.Int64Value(int64(or(job.Priority, 0)))
	model.Version = types.Int64Value(int64(or(job.Version, 0)))
	model.CreateIndex = types.Int64Value(int64(or(job.CreateIndex, 0)))
	model.ModifyIndex = types.StringValue(strconv.FormatUint(or(job.JobModifyIndex, 0), 10))
	model.SubmitTime = types.StringValue(time.Unix(0, or(job.SubmitTime, 0)).UTC().Format(time.RFC3339))
	if model.DeploymentID.IsUnknown() || model.DeploymentID.IsNull() {
		model.DeploymentID, model.DeploymentStatus = types.StringValue(""), types.StringValue("")
	}
	model.Datacenters, _ = types.SetValueFrom(ctx, types.StringType, job.Datacenters)
	constraints := []constraintModel{}
	for _, one := range job.Constraints {
		constraints = append(constraints, constraintModel{one.LTarget, one.Operand, one.RTarget})
	}
	model.Constraints, _ = types.ListValueFrom(ctx, constraintType, constraints)
	periodic := []periodicModel{}
	if one := job.Periodic; one != nil {
		periodic = append(periodic, periodicModel{or(one.Enabled, true), or(one.ProhibitOverlap, false), or(one.Spec, ""), or(one.SpecType, ""), or(one.TimeZone, "")})
	}
	model.PeriodicConfig, _ = types.ListValueFrom(ctx, periodicType, periodic)
	model.UpdateStrategy, _ = types.ListValueFrom(ctx, updateType, updateOf(job.Update))
	groups := []groupModel{}
	for _, group := range job.TaskGroups {
		groups = append(groups, groupOf(group))
	}
	model.TaskGroups, _ = types.ListValueFrom(ctx, groupType, groups)
}

// forget makes what a registration changes unknown, so that the plan is an update that may bring any of it.
func (model *jobModel) forget() {
	for _, text := range []*types.String{
		&model.DeploymentID, &model.DeploymentStatus, &model.ModifyIndex, &model.Status, &model.StatusDescription, &model.SubmitTime,
	} {
		*text = types.StringUnknown()
	}
	model.Stop, model.Stable = types.BoolUnknown(), types.BoolUnknown()
	model.Version, model.CreateIndex = types.Int64Unknown(), types.Int64Unknown()
	model.AllocationIDs = types.ListUnknown(types.StringType)
}

func updateOf(update *api.UpdateStrategy) []updateModel {
	if update == nil {
		return []updateModel{}
	}
	return []updateModel{{
		or(update.AutoRevert, false), int64(or(update.Canary, 0)), or(update.HealthCheck, ""),
		or(update.HealthyDeadline, 0).String(), int64(or(update.MaxParallel, 0)),
		or(update.MinHealthyTime, 0).String(), or(update.Stagger, 0).String(),
	}}
}

func groupOf(group *api.TaskGroup) groupModel {
	model := groupModel{
		Count: int64(or(group.Count, 1)), Meta: group.Meta, Name: or(group.Name, ""),
		Task: []taskModel{}, UpdateStrategy: updateOf(group.Update), Volumes: []volumeModel{},
	}
	for _, volume := range group.Volumes {
		model.Volumes = append(model.Volumes, volumeModel{volume.Name, volume.ReadOnly, volume.Source, volume.Type})
	}
	for _, task := range group.Tasks {
		mounts := []mountModel{}
		for _, mount := range task.VolumeMounts {
			mounts = append(mounts, mountModel{or(mount.Destination, ""), or(mount.ReadOnly, false), or(mount.Volume, "")})
		}
		model.Task = append(model.Task, taskModel{task.Driver, task.Meta, task.Name, mounts})
	}
	return model
}
