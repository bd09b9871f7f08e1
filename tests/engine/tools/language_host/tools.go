//go:build tools

// Package languagehost pins the last version of Pulumi's Python language host that lies in a module of the SDK.
package languagehost

import _ "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
