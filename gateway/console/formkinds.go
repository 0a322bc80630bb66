package console

import "hookgate/auth/signature"

// The forms of the things that are configured: each member that people set has its field.

var (
	variableTypes = []string{"text", "number", "boolean", "date", "json"}
	variableRows  = []member{
		{path: "name", label: "Name", as: asText}, {path: "path", label: "Path", as: asText},
		{path: "type", label: "Type", as: asChoice, words: variableTypes},
		{path: "default", label: "Default, as JSON", as: asJSON}, {path: "required", label: "Required", as: asYes},
	}
	eventTypes = []string{"*", "message", "message/text", "status"}
	timeUnits  = []string{"s", "ms", "us", "iso"}
)

func variablesAt(path, hint string) section {
	return section{title: "Variables", hint: hint, rows: &rowsOf{path: path, label: "variable", members: variableRows, most: 50, fresh: 1}}
}

// authAt is how an outbound request says who sends it.
func authAt(path string) section {
	return section{title: "Credentials", folded: true, members: []member{
		{path: path + "auth.type", label: "Credentials", as: asChoice, words: []string{"none", "basic", "bearer", "header"}},
		{path: path + "auth.username", label: "User name", as: asText, hint: "basic"}, {path: path + "auth.password", label: "Password", as: asText, hint: "basic"},
		{path: path + "auth.token", label: "Bearer token", as: asText, hint: "bearer"},
		{path: path + "auth.name", label: "Header", as: asText, hint: "header: its name"}, {path: path + "auth.value", label: "Value", as: asText, hint: "header: its value"},
	}}
}

func signAt(path string) section {
	return section{title: "Signature", folded: true, members: []member{
		{path: path + "sign.type", label: "Signature", as: asChoice, words: []string{"standard", "standard-ed25519", "hmac", "none"}, hint: "Left out: standard, with a secret that is made up and shown once"},
		{path: path + "sign.secrets", label: "Secrets", as: asLines, hint: "One a line; *** is the one that is stored"},
		{path: path + "sign.header", label: "Header", as: asText, hint: "hmac"}, {path: path + "sign.algorithm", label: "Algorithm", as: asText, hint: "hmac", words: []string{"sha256", "sha512", "sha1"}},
		{path: path + "sign.encoding", label: "Encoding", as: asText, hint: "hmac", words: []string{"hex", "base64"}}, {path: path + "sign.prefix", label: "Prefix", as: asText, hint: "hmac"},
		{path: path + "sign.signed", label: "Signed text", as: asText, hint: "hmac: what is signed, as {timestamp}.{body}"},
		{path: path + "sign.timestamp_header", label: "Timestamp header", as: asText, hint: "hmac"}, {path: path + "sign.timestamp_unit", label: "Timestamp unit", as: asChoice, words: timeUnits},
		{path: path + "sign.format", label: "Format", as: asText, hint: "hmac: of a header with time and signature"},
	}}
}

func retryAt(path string) section {
	return section{title: "Retries", folded: true, members: []member{
		{path: path + "retry.schedule", label: "Schedule", as: asLines, empty: "none", hint: "The pause before each further attempt, one a line: 5s, 30s, 5m; none: one attempt"},
		{path: path + "retry.initial", label: "First pause", as: asText, hint: "In place of a schedule: a pause that grows"}, {path: path + "retry.max", label: "Longest pause", as: asText},
		{path: path + "retry.multiplier", label: "Grows by", as: asNumber}, {path: path + "retry.max_attempts", label: "Attempts at most", as: asNumber},
		{path: path + "retry.max_age", label: "Age at most", as: asText}, {path: path + "retry.jitter", label: "Random part", as: asNumber, hint: "0.2 is 20 % each way"},
		{path: path + "retry.never", label: "Never for", as: asJSON, hint: `A list: [400, "4xx", "tls"]`},
	}}
}

func breakerSection() section {
	return section{title: "Circuit breaker", folded: true, members: []member{
		{path: "breaker.enabled", label: "Breaker", as: asYes}, {path: "breaker.failures", label: "Opens after", as: asNumber, hint: "failures in a row"},
		{path: "breaker.ratio", label: "Or at a share of", as: asNumber, hint: "failures, 0 to 1, within the window"}, {path: "breaker.window", label: "Window", as: asText},
		{path: "breaker.open", label: "First pause", as: asText}, {path: "breaker.max_open", label: "Longest pause", as: asText},
	}}
}

func rateAt(path, label string) []member {
	return []member{
		{path: path + ".per_second", label: label, as: asNumber, hint: "a second; none: no limit"}, {path: path + ".burst", label: "At once", as: asNumber, hint: "none: as many as a second has"},
	}
}

func headersAt(path string) member {
	return member{path: path, label: "Headers", as: asPairs, hint: "Name: value, one a line"}
}

func sourceForm() []section {
	return []section{
		{title: "Who may call", members: []member{
			{path: "enabled", label: "Enabled", as: asYes},
			{path: "verify.type", label: "Verification", as: asText, words: signature.Schemes(), hint: "none, token, bearer, basic, hmac, jwt, mtls, or a provider, as stripe"},
			{path: "verify.secrets", label: "Secrets", as: asLines, hint: "One a line, any of them passes; *** is the one that is stored"},
			{path: "verify.in", label: "Token in", as: asChoice, words: []string{"header", "query"}, hint: "token"}, {path: "verify.name", label: "Token's name", as: asText, hint: "token: of the header or parameter"},
			{path: "verify.username", label: "User name", as: asText, hint: "basic"}, {path: "verify.password", label: "Password", as: asText, hint: "basic"},
			{path: "verify.tolerance", label: "Tolerance", as: asText, hint: "How old a timestamp may be: 5m"},
		}},
		{title: "Signature by hand", hint: "For the type hmac.", folded: true, members: []member{
			{path: "verify.header", label: "Signature header", as: asText}, {path: "verify.algorithm", label: "Algorithm", as: asText, words: []string{"sha256", "sha512", "sha1"}},
			{path: "verify.encoding", label: "Encoding", as: asText, words: []string{"hex", "base64"}}, {path: "verify.prefix", label: "Prefix", as: asText},
			{path: "verify.signed", label: "Signed text", as: asText, hint: "as {timestamp}.{body}"},
			{path: "verify.timestamp_header", label: "Timestamp header", as: asText}, {path: "verify.timestamp_unit", label: "Timestamp unit", as: asChoice, words: timeUnits},
			{path: "verify.format", label: "Format", as: asText, hint: "of a header with time and signature"},
		}},
		{title: "How it comes", folded: true, members: []member{
			{path: "allow_ips", label: "Addresses that may call", as: asLines, hint: "Addresses and networks, one a line; none: all"},
			{path: "methods", label: "Methods", as: asLines, hint: "One a line; none: GET, POST, PUT, PATCH"}, {path: "body", label: "Body is", as: asChoice, words: []string{"auto", "json", "form", "text"}},
			{path: "unwrap", label: "Unwrap", as: asText, hint: "The path of the JSON text that is the body meant"}, {path: "each", label: "Each", as: asText, hint: "The path of a list: each of its items is a callback"},
			{path: "max_body", label: "Body at most", as: asText, hint: "1MiB"},
		}},
		{title: "Which conversation", members: []member{
			{path: "conversation_key.in", label: "Key in", as: asChoice, words: []string{"body", "query", "header", "path"}}, {path: "conversation_key.path", label: "Key at", as: asText, hint: "Its path in the body, or the name of the parameter or header"},
			{path: "no_key", label: "Without a key", as: asChoice, words: []string{"reject", "ignore"}}, {path: "aliases_from", label: "Other names at", as: asLines, hint: "Paths of other keys of the conversation, one a line"},
		}},
		{title: "Outcomes", hint: "The first whose conditions all hold is taken; with none, every callback resumes. A condition looks at a path of the body, header:Name or query:name; its value is JSON, and a word alone is a text. Variables of its own stand in place of those below.", rows: &rowsOf{
			path: "match", label: "outcome", most: 50, fresh: 1,
			members: []member{{path: "name", label: "Name", as: asText}, {path: "branch", label: "Branch", as: asChoice, words: []string{"SUCCESS", "FAILURE"}}},
			lists:   []*rowsOf{conditionsAt("when", 100), {path: "variables", label: "variable of its own", most: 50, members: variableRows}},
		}},
		variablesAt("variables", "What goes into the flow from the body of a callback."),
		{title: "Early and repeated", folded: true, members: []member{
			{path: "early.ttl", label: "Parked for", as: asText, hint: "Until a wait is open; 0: not at all"}, {path: "early.max", label: "Parked at most", as: asNumber}, {path: "early.again", label: "Park after an ended wait", as: asYes},
			{path: "dedupe.id", label: "Id of a delivery", as: asText, hint: "A path, header:Name or query:name"}, {path: "dedupe.window", label: "Known again for", as: asText, hint: "24h"},
			{path: "variables_max", label: "Variables at most", as: asText, hint: "bytes of all of them: 64KiB"},
		}},
		{title: "What the sender is answered", folded: true, members: append([]member{
			{path: "respond.status", label: "Status", as: asNumber, hint: "0: the outcome's own"}, {path: "respond.content_type", label: "Content type", as: asText},
			{path: "respond.body", label: "Body", as: asArea}, {path: "respond.headers", label: "Headers of the answer", as: asPairs, hint: "Name: value, one a line"}, {path: "respond.location", label: "Location", as: asText},
			{path: "cors.origins", label: "Web pages that may call", as: asLines, hint: "Origins, one a line"}, {path: "cors.headers", label: "Headers that they may send", as: asLines},
		}, rateAt("rate_limit", "Requests at most")...)},
	}
}

func endpointForm() []section {
	return []section{
		{title: "Where to", members: []member{
			{path: "enabled", label: "Enabled", as: asYes}, {path: "mode", label: "Mode", as: asChoice, words: []string{"push", "pull"}},
			{path: "url", label: "URL", as: asText, hint: "Of one that is pushed to"}, {path: "event_types", label: "Event types", as: asLines, words: eventTypes, hint: "One a line, as message or message/text; none: all"},
			{path: "format", label: "Format", as: asChoice, words: []string{"cloudevents"}}, headersAt("headers"),
		}},
		{title: "Filter", folded: true, hint: "Conditions over an event, as conversation.key exists; only events for which all hold are delivered. A value is JSON, and a word alone is a text.", rows: conditionsAt("filter", 100)},
		{title: "Token", folded: true, members: []member{
			{path: "token", label: "Token", as: asText, hint: "Goes with every delivery, and is proved by a handshake"}, {path: "token_header", label: "Token's header", as: asText, hint: "X-Webhook-Token"},
		}},
		authAt(""), signAt(""),
		{title: "How fast, in what order", folded: true, members: append([]member{
			{path: "timeout", label: "Timeout", as: asText, hint: "of one attempt: 15s"}, {path: "concurrency", label: "Attempts at once", as: asNumber},
			{path: "batch.max_events", label: "Events in a batch", as: asNumber}, {path: "batch.max_wait", label: "A batch waits", as: asText},
			{path: "ordered", label: "In order", as: asYes, hint: "within a conversation"}, {path: "ordered_hold", label: "A failing one holds", as: asText},
			{path: "disable_after", label: "Disable after", as: asText, hint: "so long of nothing but failures: 120h; 0: never"},
			{path: "expire_after", label: "Expire after", as: asText, hint: "of mode pull: deleted after so long without a pull, 10m"},
		}, rateAt("rate_limit", "Deliveries at most")...)},
		retryAt(""), breakerSection(), tlsSection(),
	}
}

func tlsSection() section {
	return section{title: "TLS", folded: true, members: []member{
		{path: "tls.server_name", label: "Server name", as: asText}, {path: "tls.ca", label: "Authorities", as: asArea, hint: "PEM"}, {path: "tls.cert", label: "Certificate of ours", as: asArea, hint: "PEM"}, {path: "tls.key", label: "Its key", as: asArea, hint: "PEM"},
	}}
}

func webhookForm() []section {
	return []section{
		{title: "Request", hint: "URL, query, headers and body are templates over the variables and the context of a call: {{ sessionId }}.", members: []member{
			{path: "name", label: "Name", as: asText}, {path: "method", label: "Method", as: asChoice, words: []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}},
			{path: "url", label: "URL", as: asText}, {path: "query", label: "Query", as: asPairs, hint: "name: value, one a line"}, headersAt("headers"),
			{path: "body", label: "Body", as: asJSON, hint: "JSON whose texts are templates; one text in quotes is one template"},
			{path: "timeout", label: "Timeout", as: asText, hint: "of the whole call: 5s"},
		}},
		authAt(""),
		variablesAt("response.variables", "What goes into the flow from the answer."),
		{title: "Kind", folded: true, members: []member{
			{path: "profile", label: "Profile", as: asChoice, words: []string{"builder", "chatbot", "campaign"}}, {path: "mode", label: "Mode", as: asChoice, words: []string{"sync", "async"}},
			{path: "on_timeout", label: "At the deadline", as: asChoice, words: []string{"continue"}}, {path: "token", label: "Token", as: asText, hint: "chatbot: the query's token"}, {path: "story_id", label: "Story", as: asText, hint: "chatbot"},
			{path: "response.variables_max", label: "Variables at most", as: asText, hint: "bytes of all of them"},
		}},
		signAt(""), retryAt(""), breakerSection(), tlsSection(),
	}
}

func tenantForm() []section {
	limits := []member{{path: "limits.waits_open", label: "Waits open", as: asNumber}, {path: "limits.endpoints", label: "Endpoints", as: asNumber}, {path: "limits.children", label: "Tenants below", as: asNumber}, {path: "limits.storage", label: "Storage", as: asText, hint: "1GiB"}}
	for _, r := range [][2]string{{"callbacks_per_second", "Callbacks"}, {"events_per_second", "Events"}, {"calls_per_second", "Calls"}} {
		limits = append(limits, rateAt("limits."+r[0], r[1])...)
	}
	platform := signAt("platform.")
	platform.title, platform.members[0].hint = "Signature to the platform", ""
	credentials, retries := authAt("platform."), retryAt("platform.")
	credentials.title, retries.title = "Credentials for the platform", "Retries to the platform"
	return []section{
		{title: "Tenant", members: []member{
			{path: "name", label: "Name", as: asText}, {path: "parent", label: "Parent", as: asText, hint: "The id of the tenant above it"},
			{path: "account_keys", label: "Account keys", as: asLines, hint: "The platform's own ids, one a line: by them events find the tenant"},
			{path: "headers", label: "Headers", as: asPairs, hint: "On every outbound request made for the tenant. Name: value, one a line"},
		}},
		{title: "Platform endpoint", hint: "Where outcomes are told.", members: []member{
			{path: "platform.url", label: "URL", as: asText}, {path: "platform.timeout", label: "Timeout", as: asText, hint: "15s"}, headersAt("platform.headers"),
		}},
		credentials, platform, retries,
		{title: "Limits", folded: true, members: limits},
		{title: "Kept for", folded: true, members: []member{
			{path: "retention.events", label: "Events", as: asText, hint: "7d"}, {path: "retention.deliveries", label: "Deliveries", as: asText, hint: "7d"}, {path: "retention.dead", label: "Dead letters", as: asText, hint: "30d"},
		}},
	}
}
