package waiting

import "hookgate/gateway"

// appendCallbackTrace is for a callback's line, taken or refused.
func appendCallbackTrace(data []byte, source string, o gateway.Outcome, waitID string) []byte {
	return append(gateway.AppendCallbackLine(append(data, '{'), source, o, waitID), '}')
}
