package edge

import (
	"net/http"

	"hookgate/gateway"
)

// status is how a code looks in HTTP.
type status struct {
	code  int
	title string
}

// statuses has a line for every gateway.Code; a test holds it complete.
var statuses = map[gateway.Code]status{
	gateway.CodeInternal:               {http.StatusInternalServerError, "Internal error"},
	gateway.CodeUnauthenticated:        {http.StatusUnauthorized, "Not authenticated"},
	gateway.CodeForbidden:              {http.StatusForbidden, "Not allowed"},
	gateway.CodeNotFound:               {http.StatusNotFound, "Not found"},
	gateway.CodeMethodNotAllowed:       {http.StatusMethodNotAllowed, "Method not allowed"},
	gateway.CodeBadRequest:             {http.StatusBadRequest, "Malformed request"},
	gateway.CodeInvalidBody:            {http.StatusBadRequest, "Invalid body"},
	gateway.CodeInvalidField:           {http.StatusUnprocessableEntity, "Invalid fields"},
	gateway.CodeUnsupportedMediaType:   {http.StatusUnsupportedMediaType, "Unsupported media type"},
	gateway.CodeTooManyDeliveries:      {http.StatusUnprocessableEntity, "Too many deliveries"},
	gateway.CodeVariablesTooLarge:      {http.StatusUnprocessableEntity, "Variables too large"},
	gateway.CodeTooComplex:             {http.StatusUnprocessableEntity, "Too complex"},
	gateway.CodeTooLarge:               {http.StatusRequestEntityTooLarge, "Body too large"},
	gateway.CodeHeadersTooLarge:        {http.StatusRequestHeaderFieldsTooLarge, "Header fields too large"},
	gateway.CodeTargetTooLong:          {http.StatusRequestURITooLong, "Request target too long"},
	gateway.CodeRequestTimeout:         {http.StatusRequestTimeout, "Request timed out"},
	gateway.CodeRateLimited:            {http.StatusTooManyRequests, "Too many requests"},
	gateway.CodeUnavailable:            {http.StatusServiceUnavailable, "Unavailable"},
	gateway.CodeDraining:               {http.StatusServiceUnavailable, "Draining"},
	gateway.CodeChangedMeanwhile:       {http.StatusPreconditionFailed, "Changed meanwhile"},
	gateway.CodeManagedByFile:          {http.StatusConflict, "Managed by file"},
	gateway.CodeWaitExists:             {http.StatusConflict, "Wait exists"},
	gateway.CodeWaitEnded:              {http.StatusConflict, "Wait ended"},
	gateway.CodeIdempotencyKeyReused:   {http.StatusUnprocessableEntity, "Idempotency key reused"},
	gateway.CodePlatformNotConfigured:  {http.StatusUnprocessableEntity, "Platform not configured"},
	gateway.CodeAccountKeyTaken:        {http.StatusConflict, "Account key taken"},
	gateway.CodeTenantHasChildren:      {http.StatusConflict, "Tenant has children"},
	gateway.CodeUsePgDump:              {http.StatusConflict, "Use pg_dump"},
	gateway.CodeReloadFailed:           {http.StatusUnprocessableEntity, "Reload failed"},
	gateway.CodeExpectationFailed:      {http.StatusExpectationFailed, "Expectation failed"},
	gateway.CodeNotImplemented:         {http.StatusNotImplemented, "Not implemented"},
	gateway.CodeVersionNotSupported:    {http.StatusHTTPVersionNotSupported, "HTTP version not supported"},
	gateway.CodeInvalidCursor:          {http.StatusUnprocessableEntity, "Invalid cursor"},
	gateway.CodeIdempotencyKeyInvalid:  {http.StatusUnprocessableEntity, "Invalid idempotency key"},
	gateway.CodeUnknownAccount:         {http.StatusUnprocessableEntity, "Unknown account"},
	gateway.CodeNotPulled:              {http.StatusConflict, "Not pulled"},
	gateway.CodeDeliveryEnded:          {http.StatusConflict, "Delivery ended"},
	gateway.CodeJobEnded:               {http.StatusConflict, "Job ended"},
	gateway.CodeLastNode:               {http.StatusConflict, "Last node"},
	gateway.CodeVerificationFailed:     {http.StatusUnprocessableEntity, "Verification failed"},
	gateway.CodeUpstreamFailed:         {http.StatusBadGateway, "Upstream failed"},
	gateway.CodeUpstreamTimeout:        {http.StatusGatewayTimeout, "Upstream timed out"},
	gateway.CodeUpstreamUnavailable:    {http.StatusServiceUnavailable, "Upstream unavailable"},
	gateway.CodeConversationKeyMissing: {http.StatusUnprocessableEntity, "Conversation key missing"},
}
