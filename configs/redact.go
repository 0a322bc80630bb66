package configs

import (
	"encoding/base64"
	"encoding/json"
	"log/slog"
)

// String gives the configuration as JSON, each secret in it masked.
func (c Config) String() string {
	b, err := json.Marshal(c)
	if err != nil {
		return "configuration that cannot be shown: " + err.Error()
	}
	return string(b)
}

// GoString keeps %#v from showing what String hides, the source lines above all.
func (c Config) GoString() string { return c.String() }

// LogValue keeps a log from walking the fields by itself.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Key gives the 32 bytes of MasterKey, nil when none was given.
func (c *Config) Key() []byte {
	key, err := base64.StdEncoding.DecodeString(c.MasterKey.Reveal())
	if err != nil || len(key) != keyBytes { // Load has refused it
		return nil
	}
	return key
}

// keyBytes is the length of a master key: AES-256.
const keyBytes = 32
