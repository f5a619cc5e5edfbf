package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type jobResource struct{ configured }

func newJob() resource.Resource { return &jobResource{} }

func (*jobResource) Metadata(_ context.Context, _ resource.MetadataRequest, response *resource.MetadataResponse) {
	response.TypeName = "nomad_job"
}

// unless reads a flag that the real provider gives a default of its own.
func unless(flag types.Bool, standard bool) bool {
	if flag.IsNull() || flag.IsUnknown() {
		return standard
	}
	return flag.ValueBool()
}

// register submits the job with its source text, waits for its deployment, and reads it back.
func (r *jobResource) register(ctx context.Context, model *jobModel, timeout time.Duration) error {
	job, err := parseJob(model.Jobspec.ValueString(), model.JSON.ValueBool())
	if err != nil {
		return err
	}
	write := (&api.WriteOptions{Namespace: *job.Namespace, Region: *job.Region}).WithContext(ctx)
	answer, _, err := r.client.Jobs().RegisterOpts(job, &api.RegisterOptions{
		PolicyOverride: model.PolicyOverride.ValueBool(),
		PreserveCounts: model.PreserveCounts.ValueBool(),
		Submission:     &api.JobSubmission{Source: model.Jobspec.ValueString(), Format: "json"},
	}, write)
	if err != nil {
		return fmt.Errorf("Nomad refused the job: %w", err)
	}
	model.ID = types.StringValue(*job.ID)
	model.Namespace, model.Region = types.StringValue(*job.Namespace), types.StringValue(*job.Region)
	model.DeploymentID, model.DeploymentStatus = types.StringValue(""), types.StringValue("")
	var failed error
	if !unless(model.Detach, true) && answer.EvalID != "" {
		query := &api.QueryOptions{Namespace: *job.Namespace, Region: *job.Region}
		var deployment *api.Deployment
		deployment, failed = untilDeployed(ctx, r.client, answer.EvalID, query, timeout)
		if deployment != nil {
			model.DeploymentID = types.StringValue(deployment.ID)
			model.DeploymentStatus = types.StringValue(deployment.Status)
		}
	}
	if err := r.refresh(ctx, model); err != nil {
		return err
	}
	return failed
}

// refresh fills the model from the server: the submission's text, not the running job, is the jobspec.
func (r *jobResource) refresh(ctx context.Context, model *jobModel) error {
	query := (&api.QueryOptions{Namespace: model.Namespace.ValueString(), Region: model.Region.ValueString()}).WithContext(ctx)
	job, _, err := r.client.Jobs().Info(model.ID.ValueString(), query)
	if err != nil {
		return err
	}
	fillJob(ctx, model, job)
	submission, _, err := r.client.Jobs().Submission(*job.ID, int(*job.Version), query)
	if err != nil && !isNotFound(err) {
		return err
	}
	if err == nil && submission.Source != "" && !isSameJob(submission.Source, model.Jobspec.ValueString()) {
		model.Jobspec = types.StringValue(submission.Source)
	}
	model.AllocationIDs, _ = types.ListValueFrom(ctx, types.StringType, []string{})
	if model.ReadAllocationIDs.ValueBool() {
		stubs, _, err := r.client.Jobs().Allocations(*job.ID, false, query)
		if err != nil {
			return err
		}
		ids := []string{}
		for _, stub := range stubs {
			ids = append(ids, stub.ID)
		}
		model.AllocationIDs, _ = types.ListValueFrom(ctx, types.StringType, ids)
	}
	return nil
}

func (r *jobResource) Create(ctx context.Context, request resource.CreateRequest, response *resource.CreateResponse) {
	var model jobModel
	response.Diagnostics.Append(request.Plan.Get(ctx, &model)...)
	if response.Diagnostics.HasError() {
		return
	}
	configured := model.Jobspec
	model.ID = types.StringNull()
	err := r.register(ctx, &model, deadline(model.Timeouts, "create"))
	response.Diagnostics.Append(said("the job was not deployed", err)...)
	if !model.ID.IsNull() && !model.Status.IsUnknown() {
		model.Jobspec = configured
		response.Diagnostics.Append(response.State.Set(ctx, &model)...)
	}
}

func (r *jobResource) Update(ctx context.Context, request resource.UpdateRequest, response *resource.UpdateResponse) {
	var model, before jobModel
	response.Diagnostics.Append(request.Plan.Get(ctx, &model)...)
	response.Diagnostics.Append(request.State.Get(ctx, &before)...)
	if response.Diagnostics.HasError() {
		return
	}
	configured := model.Jobspec
	err := r.register(ctx, &model, deadline(model.Timeouts, "update"))
	response.Diagnostics.Append(said("the job was not deployed", err)...)
	if model.Status.IsUnknown() {
		return
	}
	if err == nil && model.ID.ValueString() != before.ID.ValueString() && unless(model.DeregisterOnIDChange, true) {
		response.Diagnostics.Append(said("the job's former id was not stopped", r.deregister(ctx, &before))...)
	}
	model.Jobspec = configured
	response.Diagnostics.Append(response.State.Set(ctx, &model)...)
}

func (r *jobResource) Read(ctx context.Context, request resource.ReadRequest, response *resource.ReadResponse) {
	var model jobModel
	response.Diagnostics.Append(request.State.Get(ctx, &model)...)
	if response.Diagnostics.HasError() {
		return
	}
	err := r.refresh(ctx, &model)
	if isNotFound(err) {
		response.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		response.Diagnostics.AddError("job "+model.ID.ValueString()+" was not read", err.Error())
		return
	}
	response.Diagnostics.Append(response.State.Set(ctx, &model)...)
}

func (r *jobResource) deregister(ctx context.Context, model *jobModel) error {
	write := (&api.WriteOptions{Namespace: model.Namespace.ValueString(), Region: model.Region.ValueString()}).WithContext(ctx)
	options := &api.DeregisterOptions{Purge: model.PurgeOnDestroy.ValueBool()}
	_, _, err := r.client.Jobs().DeregisterOpts(model.ID.ValueString(), options, write)
	return err
}

func (r *jobResource) Delete(ctx context.Context, request resource.DeleteRequest, response *resource.DeleteResponse) {
	var model jobModel
	response.Diagnostics.Append(request.State.Get(ctx, &model)...)
	if response.Diagnostics.HasError() || !unless(model.DeregisterOnDestroy, true) {
		return
	}
	if err := r.deregister(ctx, &model); err != nil && !isNotFound(err) {
		response.Diagnostics.AddError("job "+model.ID.ValueString()+" was not stopped", err.Error())
	}
}

// ModifyPlan makes a dead job that is to run again an update, as the real provider does.
func (r *jobResource) ModifyPlan(ctx context.Context, request resource.ModifyPlanRequest, response *resource.ModifyPlanResponse) {
	if request.State.Raw.IsNull() || request.Plan.Raw.IsNull() {
		return
	}
	var before, planned jobModel
	response.Diagnostics.Append(request.State.Get(ctx, &before)...)
	response.Diagnostics.Append(request.Plan.Get(ctx, &planned)...)
	if response.Diagnostics.HasError() {
		return
	}
	if planned.RerunIfDead.ValueBool() && before.Status.ValueString() == "dead" {
		planned.forget()
		response.Diagnostics.Append(response.Plan.Set(ctx, &planned)...)
	}
}

// ImportState takes `<job>@<namespace>`; the namespace may be left out.
func (*jobResource) ImportState(ctx context.Context, request resource.ImportStateRequest, response *resource.ImportStateResponse) {
	id, namespace, _ := strings.Cut(request.ID, "@")
	if namespace == "" {
		namespace = "default"
	}
	for name, value := range map[string]any{"id": id, "namespace": namespace, "region": "", "json": true, "jobspec": ""} {
		response.Diagnostics.Append(response.State.SetAttribute(ctx, path.Root(name), value)...)
	}
}

// deadline is how long a deployment may take: five minutes unless the configuration says more.
func deadline(timeouts types.Object, name string) time.Duration {
	if value, isText := timeouts.Attributes()[name].(types.String); isText {
		if duration, err := time.ParseDuration(value.ValueString()); err == nil {
			return duration
		}
	}
	return 5 * time.Minute
}
