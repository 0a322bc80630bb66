package configs

import (
	"strings"
	"testing"
)

func TestOtelFaults(t *testing.T) {
	for text, want := range map[string]string{
		`{ endpoint: "http://127.0.0.1:4318" }`:                                                "",
		`{ endpoint: "https://otel.example.com/base/", headers: { api-key: k }, sample: 0.5 }`: "",
		`{ endpoint: "127.0.0.1:4318" }`:                                                       "otel.endpoint",
		`{ endpoint: "grpc://127.0.0.1:4317" }`:                                                "otel.endpoint",
		`{ endpoint: "http://u:p@127.0.0.1:4318" }`:                                            "otel.endpoint",
		`{ endpoint: "http://127.0.0.1:4318?key=k" }`:                                          "otel.endpoint",
		`{ headers: { "api key": k } }`:                                                        `otel.headers["api key"]`,
		`{ headers: { api-key: "canary\nx" } }`:                                                "otel.headers.api-key",
		`{ sample: 1.5 }`:                                                                      "otel.sample",
		`{ sample: -1 }`:                                                                       "otel.sample",
		`{ sample: .nan }`:                                                                     "otel.sample",
		`{ service_name: "" }`:                                                                 "otel.service_name",
	} {
		_, err := Load(Options{Flags: Flags{Config: write(t, "otel: "+text+"\n")}})
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want+":") || strings.Contains(err.Error(), "canary")):
			t.Errorf("%s: %v, want a fault of %s", text, err, want)
		}
	}
}
