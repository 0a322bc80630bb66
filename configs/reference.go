package configs

import _ "embed"

// Reference is a configuration file with every key, each with its meaning and
// default.
//
//go:embed reference.yaml
var Reference string
