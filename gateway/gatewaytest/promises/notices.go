package promises

import "strings"

// checkNotices: each outcome of a notify wait, and each late callback, reaches the
// platform under one webhook-id, and nothing else does.
func (k *kase) checkNotices() {
	ofWait, ofMessage := map[string]string{}, map[string]string{}
	for _, n := range k.Notices {
		if !n.Signed {
			k.fault("notice", "%s is not signed", n.WebhookID)
		}
		if n.ID != n.WebhookID {
			k.fault("notice", "%s has %s in its body", n.WebhookID, n.ID)
		}
		if n.Type == "callback.late" {
			k.checkLateNotice(n, ofMessage)
		} else {
			k.checkWaitNotice(n, ofWait)
		}
	}
	if !k.settled {
		return
	}
	for _, w := range k.waits {
		if a := k.ask(w); w.ended != nil && a != nil && a.Mode == "notify" && ofWait[w.id] == "" {
			k.fault("notice", "the platform never heard how %s ended", w.id)
		}
	}
	for _, s := range k.Sends {
		if !s.Lost && s.Outcome == "late" && ofMessage[s.Message.N] == "" {
			k.fault("notice", "the platform never heard of %s, which came late", s.CallbackID)
		}
	}
}

func (k *kase) checkWaitNotice(n *Notice, ofWait map[string]string) {
	if n.Wait == nil || "wait."+n.Wait.State != n.Type {
		k.fault("notice", "%s of type %s has no such wait", n.WebhookID, n.Type)
		return
	}
	w := k.byID[n.Wait.ID]
	if a := k.ask(w); a == nil || a.Mode != "notify" {
		k.fault("notice", "%s tells of %s, which nobody asked for", n.WebhookID, n.Wait.ID)
	}
	if other := ofWait[n.Wait.ID]; other != "" && other != n.WebhookID {
		k.fault("notice", "%s ended in %s and in %s", n.Wait.ID, other, n.WebhookID)
	}
	ofWait[n.Wait.ID] = n.WebhookID
}

func (k *kase) checkLateNotice(n *Notice, ofMessage map[string]string) {
	if n.Callback == nil {
		k.fault("notice", "%s has no callback", n.WebhookID)
		return
	}
	message := messageOf(n.Callback)
	if other := ofMessage[message]; other != "" && other != n.WebhookID {
		k.fault("notice", "the late %s is in %s and in %s", message, other, n.WebhookID)
	}
	ofMessage[message] = n.WebhookID
	for _, s := range k.Sends {
		if s.Message.N == message && (s.Lost || s.Outcome == "late") && k.history.covers(s.Span, n.Callback.ReceivedAt) {
			return
		}
	}
	k.fault("notice", "%s tells of %s, which was not late", n.WebhookID, strings.TrimSpace(message+" "+n.Callback.ID))
}
