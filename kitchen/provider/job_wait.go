package main

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"
)

// untilDeployed follows an evaluation to its deployment, and that to its end.
// It returns the deployment (nil where the job has none) and an error with Nomad's own reason.
func untilDeployed(ctx context.Context, client *api.Client, evaluation string, query *api.QueryOptions, timeout time.Duration) (*api.Deployment, error) {
	ctx, stop := context.WithTimeout(ctx, timeout)
	defer stop()
	query = query.WithContext(ctx)
	deployment := ""
	last := "evaluation " + evaluation + " is pending"
	for {
		if deployment == "" {
			found, _, err := client.Evaluations().Info(evaluation, query)
			if err != nil {
				return nil, late(ctx, timeout, last, err)
			}
			switch found.Status {
			case "complete":
				if found.DeploymentID == "" {
					return nil, nil
				}
				deployment = found.DeploymentID
				if reasons := unplaced(found); reasons != "" {
					last = reasons
				}
			case "failed", "canceled":
				return nil, fmt.Errorf("evaluation %s is %s: %s", evaluation, found.Status, found.StatusDescription)
			}
		}
		if deployment != "" {
			found, _, err := client.Deployments().Info(deployment, query)
			if err != nil {
				return nil, late(ctx, timeout, last, err)
			}
			switch found.Status {
			case "successful":
				return found, nil
			case "failed", "cancelled", "blocked":
				return found, fmt.Errorf("deployment %s is %s: %s", found.ID, found.Status, found.StatusDescription)
			}
			if !strings.HasPrefix(last, "not placed") {
				last = "deployment " + found.ID + " is " + found.Status + ": " + found.StatusDescription
			}
		}
		select {
		case <-ctx.Done():
			return nil, late(ctx, timeout, last, ctx.Err())
		case <-time.After(time.Second):
		}
	}
}

func late(ctx context.Context, timeout time.Duration, last string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("the deployment was not done within %s; last seen: %s", timeout, last)
	}
	return err
}

// unplaced says why the scheduler placed nothing, one reason per group.
func unplaced(evaluation *api.Evaluation) string {
	reasons := []string{}
	for group, metric := range evaluation.FailedTGAllocs {
		why := []string{}
		for constraint, nodes := range metric.ConstraintFiltered {
			why = append(why, fmt.Sprintf("constraint %q excluded %d nodes", constraint, nodes))
		}
		for dimension, nodes := range metric.DimensionExhausted {
			why = append(why, fmt.Sprintf("%q is exhausted on %d nodes", dimension, nodes))
		}
		sort.Strings(why)
		reasons = append(reasons, fmt.Sprintf("group %s: %s", group, strings.Join(why, ", ")))
	}
	if len(reasons) == 0 {
		return ""
	}
	sort.Strings(reasons)
	return "not placed: " + strings.Join(reasons, "; ")
}
