package calling

import (
	"bytes"
	"errors"
	"strconv"

	"hookgate/gateway"
	"hookgate/gateway/fields"
	"hookgate/gateway/mapping"
)

// anyAnswer is the one verdict there is: the rules of an answer have no match.
var anyAnswer = mapping.Verdict{Branch: gateway.Success}

// extract takes the variables out of the answer, and the alias that it brings.
func (k *call) extract() done {
	rules := &k.Webhook.Response.Rules
	k.values.Owner(k.Webhook.Tenant.Tree())
	k.Webhook.Response.Set.Read(&k.document, &k.values)
	var err error
	k.variables, err = rules.AppendVariables(k.variables, &k.values, anyAnswer)
	if k.explains { // with the work that is left
		k.explained = rules.Explain(&k.values, anyAnswer)
	}
	if err != nil {
		return k.unmapped(err)
	}
	k.result.Variables = bytes.Clone(k.variables)
	if k.alias == nil || k.waitID == "" {
		return false
	}
	var found bool
	if k.learn, found = k.alias.find(&k.document, &k.values); !found {
		// The backend did its work: a callback may still come by the key.
		k.result.Errors = append(k.result.Errors, gateway.Fault{Path: placeOfAlias, Message: "finds no key in the answer"})
	}
	return false
}

// unmapped fails a call whose answer gives no variables. One that takes too much work
// is not what the variables want (SPEC 8: invalid_response); too_large would say that
// a smaller answer helps, and it may not.
func (k *call) unmapped(err error) done {
	var missing mapping.MissingVariable
	switch {
	case errors.As(err, &missing):
		return k.fail(gateway.CallInvalidResponse, k.missing(string(missing)))
	case errors.Is(err, mapping.ErrVariablesTooLarge):
		return k.fail(gateway.CallTooLarge, gateway.Fault{
			Path: "response.variables", Message: "have together more than " + strconv.Itoa(k.Webhook.Variables) + " bytes of JSON",
		})
	}
	return k.fail(gateway.CallInvalidResponse, gateway.Fault{Path: "response.variables", Message: err.Error()})
}

const placeOfAlias = "wait.alias_path"

// missing says which variable an answer should have had.
func (k *call) missing(name string) gateway.Fault {
	f := gateway.Fault{Path: "response.variables", Message: mapping.MissingVariable(name).Error()}
	for i, v := range k.Webhook.Spec.Response.Variables {
		if v.Name == name {
			f.Path = fields.Index(f.Path, i)
		}
	}
	return f
}
