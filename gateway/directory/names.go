package directory

import "slices"

// standardNames are names of templates that mean a member of the call's context, where
// that is set, whatever its variables are called (SPEC 8, 14 "Calls", 15 "What goes out").
var standardNames = []string{
	"sessionId", "botId", "botDeploymentId", "firstName", "lastName", "from", "to", "reply", "replyData", "extractedData",
	"attachedMedia", "direction", "moduleId", "customVariables", "botTrainedModelId",
}

// standsAt says where a name of a template stands in the body of the request for a
// call: at path, or at otherwise where there is nothing.
func standsAt(name string) (path, otherwise []string) {
	switch {
	case name == "variables", name == "context", name == "conversation_key":
		return []string{name}, nil
	case name == "sessionId":
		otherwise = []string{"conversation_key"}
	case name == "customVariables":
		otherwise = []string{"variables"}
	}
	if slices.Contains(standardNames, name) {
		if otherwise == nil {
			otherwise = []string{"variables", name}
		}
		return []string{"context", name}, otherwise
	}
	return []string{"variables", name}, nil
}
