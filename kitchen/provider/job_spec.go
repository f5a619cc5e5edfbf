package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/hashicorp/nomad/api"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
)

// parseJob reads a job as `nomad job run -json` does: bare, or under the key `Job`.
func parseJob(text string, isJSON bool) (*api.Job, error) {
	if !isJSON {
		return nil, errors.New("json is false: the stand-in reads jobs as JSON only; set json = true, as Eos does")
	}
	var envelope struct{ Job *api.Job }
	if err := json.Unmarshal([]byte(text), &envelope); err != nil {
		return nil, fmt.Errorf("jobspec is no JSON job: %w", err)
	}
	job := envelope.Job
	if job == nil {
		job = &api.Job{}
		if err := json.Unmarshal([]byte(text), job); err != nil {
			return nil, fmt.Errorf("jobspec is no JSON job: %w", err)
		}
	}
	if job.ID == nil || *job.ID == "" {
		return nil, errors.New("jobspec has no job id; expected ID")
	}
	standard, global := "default", "global"
	if job.Namespace == nil || *job.Namespace == "" {
		job.Namespace = &standard
	}
	if job.Region == nil || *job.Region == "" {
		job.Region = &global
	}
	return job, nil
}

// isSameJob tells whether two texts submit the same job, whatever their layout.
func isSameJob(left, right string) bool {
	if left == right {
		return true
	}
	first, err := parseJob(left, true)
	if err != nil {
		return false
	}
	second, err := parseJob(right, true)
	return err == nil && reflect.DeepEqual(first, second)
}

// sameJob plans no change where only the text's layout differs from the stored submission.
type sameJob struct{}

func (sameJob) Description(context.Context) string { return "the layout of the text is no change" }
func (sameJob) MarkdownDescription(context.Context) string {
	return "the layout of the text is no change"
}

func (sameJob) PlanModifyString(_ context.Context, request planmodifier.StringRequest, response *planmodifier.StringResponse) {
	if request.StateValue.IsNull() || request.PlanValue.IsUnknown() {
		return
	}
	if isSameJob(request.StateValue.ValueString(), request.PlanValue.ValueString()) {
		response.PlanValue = request.StateValue
	}
}
