package signature

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// adyen is Adyen's standard notifications of payments: each item within the body brings
// a signature of eight of its fields, joined by colons (docs.adyen.com/development-
// resources/webhooks/secure-webhooks/verify-hmac-signatures). What else an item says is
// not covered. Its reference may hold a colon; if two fields could, the border
// between them could be moved.
var adyen = descriptor{
	name:      "adyen",
	algorithm: sha256.New,
	encoding:  base64Std,
	key:       adyenKey,
}

// adyenItem is what the items of a notification are known again by.
var adyenItem = []Identity{{
	Each: "notificationItems",
	ID:   []string{"NotificationRequestItem.pspReference"},
	With: []string{"NotificationRequestItem.eventCode", "NotificationRequestItem.success"},
}}

var adyenScheme = scheme{
	name:  adyen.name,
	reads: []string{"secrets"},
	build: func(c *Config, f *faults) *Verifier {
		return &Verifier{proof: &notification{adyen.keys(c, f)}, identities: adyenItem}
	},
}

func adyenKey(secret string) ([]byte, error) {
	raw, err := hex.DecodeString(secret)
	if err != nil {
		return nil, errors.New("is not hex: this scheme's secret is the HMAC key that Adyen shows")
	}
	return raw, nil
}

// notification proves by a signature in each item of the body.
type notification struct{ keys []*key }

const (
	adyenItems     = "notificationItems"
	adyenSignature = "additionalData.hmacSignature"
	mostItems      = 1000
)

// verify holds every item to its own signature; one key must hold for all.
func (p *notification) verify(r *Request) error {
	outer, ok := members(r.Body, adyenItems)
	if !ok {
		return refuse(Malformed, adyenItems)
	}
	items, ok := elements(outer[0], mostItems)
	if !ok || len(items) == 0 {
		return refuse(Malformed, adyenItems)
	}
	signed, signatures := make([][]byte, len(items)), make([][]byte, len(items))
	for i, item := range items {
		var err error
		if signed[i], signatures[i], err = adyenSigned(item); err != nil {
			return err
		}
	}
	for _, k := range p.keys {
		if k.givesAll(signed, signatures) {
			return nil
		}
	}
	return refuse(Mismatch, adyenSignature)
}

func (k *key) givesAll(signed, signatures [][]byte) bool {
	for i := range signed {
		if !k.gives(signatures[i], adyen.encoding, signed[i]) {
			return false
		}
	}
	return true
}

// adyenSigned gives what is signed of an item, and its signature.
func adyenSigned(item []byte) (signed, signature []byte, err error) {
	request, ok := members(item, "NotificationRequestItem")
	if !ok {
		return nil, nil, refuse(Malformed, adyenItems)
	}
	values, ok := someMembers(request[0], "pspReference", "originalReference", "merchantAccountCode", "merchantReference",
		"eventCode", "success", "amount", "additionalData")
	if !ok {
		return nil, nil, refuse(Malformed, adyenItems)
	}
	if signature, err = adyenSignatureOf(values[7]); err != nil {
		return nil, nil, err
	}
	amount, ok := [][]byte{nil, nil}, true
	if values[6] != nil {
		amount, ok = someMembers(values[6], "value", "currency")
	}
	if !ok {
		return nil, nil, refuse(Malformed, "amount")
	}
	fields := make([]string, 0, 8)
	for i, value := range slices.Concat(values[:4], amount, values[4:6]) {
		text, ok := fieldText(value)
		if !ok || i != 3 && strings.Contains(text, ":") {
			return nil, nil, refuse(Malformed, adyenItems)
		}
		fields = append(fields, text)
	}
	return []byte(strings.Join(fields, ":")), signature, nil
}

func adyenSignatureOf(data []byte) ([]byte, error) {
	if data == nil {
		return nil, refuse(MissingField, adyenSignature)
	}
	found, ok := texts(data, "hmacSignature")
	switch {
	case !ok:
		return nil, refuse(Malformed, adyenSignature)
	case found[0] == "":
		return nil, refuse(MissingField, adyenSignature)
	}
	return []byte(found[0]), nil
}

// fieldText gives a JSON value as it stands in what is signed: a text, a whole number, a
// boolean; nothing and null are empty.
func fieldText(value []byte) (text string, ok bool) {
	switch {
	case value == nil || string(value) == "null":
		return "", true
	case value[0] == '"':
		return text, json.Unmarshal(value, &text) == nil
	case string(value) == "true", string(value) == "false":
		return string(value), true
	}
	_, ok = number(trimMinus(value))
	return string(value), ok
}

func trimMinus(value []byte) []byte {
	if value[0] == '-' {
		return value[1:]
	}
	return value
}
