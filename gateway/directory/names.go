package directory

import "slices"

// standardNames are names of templates that mean a member of the call's context, where
// that is set, whatever its variables are called (SPEC 8, 14 "Calls", 15 "What goes out").
var standardNames = []string{
	"sessionId", "botId", "botDeploymentId", "firstName", "lastName", "from", "to", "reply", "replyData", "extractedData",
	"attachedMedia", "direction", "moduleId", "customVariables", "botTrainedModelId",
}

// standsAt says where a name of a template stands in the body of the request for a
// call: at the first of these places where something is.
func standsAt(name string) [][]string {
	of := [][]string{{"variables", name}}
	switch {
	case name == "variables", name == "context", name == "conversation_key":
		return [][]string{{name}}
	case name == "sessionId":
		of = slices.Insert(of, 0, []string{"conversation_key"})
	case name == "customVariables":
		of = [][]string{{"variables"}} // which hold one of that name, if there is one
	}
	if slices.Contains(standardNames, name) {
		return slices.Insert(of, 0, []string{"context", name})
	}
	return of
}
