// Tests of what is deployed (dashboard, alerts, image, packages, manifests), apart from the product so that their requirements never become its own.
module github.com/otelcol-tasker/otelcol-tasker/deploy

go 1.26.0

replace github.com/otelcol-tasker/otelcol-tasker => ../

require (
	github.com/stretchr/testify v1.12.1
	go.yaml.in/yaml/v3 v3.0.6
)
