package calling

import (
	"bytes"

	"hookgate/gateway"
	"hookgate/gateway/fields"
	"hookgate/gateway/mapping"
)

// anyAnswer is the one verdict there is: the rules of an answer have no match.
var anyAnswer = mapping.Verdict{Branch: gateway.Success}

// extract takes the variables out of the answer, and the alias that it brings.
func (c *Calls) extract(k *call) bool {
	rules := &k.Webhook.Response.Rules
	k.Webhook.Response.Set.Read(&k.document, &k.values)
	if k.explains {
		k.explained = rules.Explain(&k.values, anyAnswer)
	}
	var missing string
	if k.variables, missing = rules.AppendVariables(k.variables, &k.values, anyAnswer); missing != "" {
		return k.fail(gateway.CallInvalidResponse, k.missing(missing))
	}
	k.result.Variables = bytes.Clone(k.variables)
	if k.alias == nil || k.WaitID == "" {
		return true
	}
	var found bool
	if k.learn, found = k.alias.find(&k.document, &k.values); !found {
		// The backend did its work: a callback may still come by the key.
		k.result.Errors = append(k.result.Errors, gateway.Fault{Path: placeOfAlias, Message: "finds no key in the answer"})
	}
	return true
}

const placeOfAlias = "wait.alias_path"

// missing says which variable an answer should have had.
func (k *call) missing(name string) gateway.Fault {
	f := gateway.Fault{Path: "response.variables", Message: "the required variable " + name + " is missing, or is not of its type"}
	for i, v := range k.Webhook.Spec.Response.Variables {
		if v.Name == name {
			f.Path = fields.Index(f.Path, i)
		}
	}
	return f
}
