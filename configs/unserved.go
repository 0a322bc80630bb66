package configs

import (
	"maps"
	"slices"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// NotInService names the parts of a configuration that are known and checked,
// but that this version does nothing with yet.
func NotInService(c *Config) (parts []string) {
	for _, id := range slices.Sorted(maps.Keys(c.Routes)) {
		if c.Routes[id].Mode == gateway.ModeRelay {
			parts = append(parts, fields.Member("routes", id))
		}
	}
	return parts
}
