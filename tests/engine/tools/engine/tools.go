//go:build tools

// Package engine pins the version of Pulumi's command line, which the tests run.
package engine

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
