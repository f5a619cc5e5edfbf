package main

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/hashicorp/nomad/api"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type nomadProvider struct{}

func newProvider() provider.Provider { return &nomadProvider{} }

type providerModel struct {
	Address       types.String `tfsdk:"address"`
	CAFile        types.String `tfsdk:"ca_file"`
	CAPem         types.String `tfsdk:"ca_pem"`
	CertFile      types.String `tfsdk:"cert_file"`
	CertPem       types.String `tfsdk:"cert_pem"`
	HTTPAuth      types.String `tfsdk:"http_auth"`
	IgnoreEnvVars types.Map    `tfsdk:"ignore_env_vars"`
	KeyFile       types.String `tfsdk:"key_file"`
	KeyPem        types.String `tfsdk:"key_pem"`
	Region        types.String `tfsdk:"region"`
	SecretID      types.String `tfsdk:"secret_id"`
	SkipVerify    types.Bool   `tfsdk:"skip_verify"`
	AuthJWT       types.List   `tfsdk:"auth_jwt"`
	Headers       types.List   `tfsdk:"headers"`
}

func (*nomadProvider) Metadata(_ context.Context, _ provider.MetadataRequest, response *provider.MetadataResponse) {
	response.TypeName = "nomad"
	response.Version = version
}

func (*nomadProvider) Schema(_ context.Context, _ provider.SchemaRequest, response *provider.SchemaResponse) {
	text := schema.StringAttribute{Optional: true}
	secret := schema.StringAttribute{Optional: true, Sensitive: true}
	required := schema.StringAttribute{Required: true}
	requiredSecret := schema.StringAttribute{Required: true, Sensitive: true}
	response.Schema = schema.Schema{
		Attributes: map[string]schema.Attribute{
			"address": text, "ca_file": text, "ca_pem": text, "cert_file": text, "cert_pem": text,
			"http_auth": secret, "key_file": text, "key_pem": secret, "region": text, "secret_id": secret,
			"ignore_env_vars": schema.MapAttribute{Optional: true, ElementType: types.BoolType},
			"skip_verify":     schema.BoolAttribute{Optional: true},
		},
		Blocks: map[string]schema.Block{
			"auth_jwt": schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{
				Attributes: map[string]schema.Attribute{"auth_method": required, "login_token": requiredSecret},
			}},
			"headers": schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{
				Attributes: map[string]schema.Attribute{"name": required, "value": requiredSecret},
			}},
		},
	}
}

// Configure builds the API client. An unknown address (a plan before its value exists) yields none.
func (*nomadProvider) Configure(ctx context.Context, request provider.ConfigureRequest, response *provider.ConfigureResponse) {
	var model providerModel
	response.Diagnostics.Append(request.Config.Get(ctx, &model)...)
	if response.Diagnostics.HasError() {
		return
	}
	if len(model.AuthJWT.Elements()) > 0 || len(model.Headers.Elements()) > 0 {
		response.Diagnostics.AddError("auth_jwt and headers are not part of the stand-in", "Use secret_id, as Eos does.")
		return
	}
	if model.SkipVerify.ValueBool() {
		response.Diagnostics.AddError("skip_verify is refused", "Eos verifies servers everywhere; give ca_file or ca_pem.")
		return
	}
	client, err := api.NewClient(clientConfig(ctx, model))
	if err != nil {
		response.Diagnostics.AddError("no client for Nomad", err.Error())
		return
	}
	response.ResourceData = client
}

func clientConfig(ctx context.Context, model providerModel) *api.Config {
	config := api.DefaultConfig()
	ignored := map[string]bool{}
	model.IgnoreEnvVars.ElementsAs(ctx, &ignored, false)
	if ignored["NOMAD_NAMESPACE"] {
		config.Namespace = ""
	}
	if ignored["NOMAD_REGION"] {
		config.Region = ""
	}
	set := func(target *string, value types.String) {
		if text := value.ValueString(); text != "" {
			*target = text
		}
	}
	set(&config.Address, model.Address)
	set(&config.Region, model.Region)
	set(&config.SecretID, model.SecretID)
	set(&config.TLSConfig.CACert, model.CAFile)
	set(&config.TLSConfig.ClientCert, model.CertFile)
	set(&config.TLSConfig.ClientKey, model.KeyFile)
	setBytes := func(target *[]byte, value types.String) {
		if text := value.ValueString(); text != "" {
			*target = []byte(text)
		}
	}
	setBytes(&config.TLSConfig.CACertPEM, model.CAPem)
	setBytes(&config.TLSConfig.ClientCertPEM, model.CertPem)
	setBytes(&config.TLSConfig.ClientKeyPEM, model.KeyPem)
	auth := model.HTTPAuth.ValueString()
	if auth == "" {
		auth = os.Getenv("NOMAD_HTTP_AUTH")
	}
	if user, password, found := strings.Cut(auth, ":"); found {
		config.HttpAuth = &api.HttpBasicAuth{Username: user, Password: password}
	}
	return config
}

func (*nomadProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (*nomadProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newJob, newNamespace, newHostVolume}
}

// configured is the part that every resource shares: it holds the client that Configure built.
type configured struct{ client *api.Client }

func (c *configured) Configure(_ context.Context, request resource.ConfigureRequest, response *resource.ConfigureResponse) {
	if request.ProviderData == nil {
		return
	}
	client, isClient := request.ProviderData.(*api.Client)
	if !isClient {
		response.Diagnostics.AddError("the provider handed over something else than a Nomad client", "This is a bug of the stand-in.")
		return
	}
	c.client = client
}

func isNotFound(err error) bool {
	var unexpected api.UnexpectedResponseError
	return errors.As(err, &unexpected) && unexpected.HasStatusCode() && unexpected.StatusCode() == 404
}
