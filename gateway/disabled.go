package gateway

import "time"

// DisabledNotice tells the platform that an endpoint was disabled, and why. The
// endpoint is as the API shows it; without one its names and the reason.
func DisabledNotice(of LaneKey, reason string, endpoint Raw, at time.Time) *Notice {
	return newNotice(NoticeDisabled, of.Tenant, "", at, len(endpoint), func(dst []byte) []byte {
		if len(endpoint) > 0 {
			return append(dst, endpoint...)
		}
		dst = append(dst, `{"id":`...)
		dst = AppendString(dst, of.Endpoint)
		dst = AppendMember(dst, "tenant", of.Tenant)
		dst = AppendMember(dst, "disabled_reason", reason)
		return append(dst, '}')
	})
}
