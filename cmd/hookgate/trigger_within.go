package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"hookgate/auth/signature"
)

// Providers whose signature stands within the body, or the query.

// adyen signs eight fields of each item, and puts the signature into the item
// (docs.adyen.com, "Verify HMAC signatures").
func adyen(_ *http.Request, m *signature.Message, c signature.Config) error {
	key, err := hex.DecodeString(c.Secrets[0])
	if err != nil {
		return errors.New("--secret must be the HMAC key, in hex")
	}
	var body struct {
		Live  any `json:"live,omitempty"`
		Items []struct {
			Request map[string]any `json:"NotificationRequestItem"`
		} `json:"notificationItems"`
	}
	decoder := json.NewDecoder(bytes.NewReader(m.Body))
	decoder.UseNumber()
	if err := decoder.Decode(&body); err != nil || len(body.Items) == 0 {
		return fmt.Errorf("the body of adyen has notificationItems: %w", err)
	}
	found := gjson.GetBytes(m.Body, "notificationItems.#.NotificationRequestItem").Array()
	for i := range body.Items {
		signed := make([]string, 0, 8)
		for _, path := range []string{"pspReference", "originalReference", "merchantAccountCode", "merchantReference", "amount.value", "amount.currency", "eventCode", "success"} {
			signed = append(signed, found[i].Get(path).String())
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(strings.Join(signed, ":")))
		more, _ := body.Items[i].Request["additionalData"].(map[string]any)
		if more == nil {
			more = map[string]any{}
		}
		more["hmacSignature"] = base64.StdEncoding.EncodeToString(mac.Sum(nil))
		body.Items[i].Request["additionalData"] = more
	}
	m.Body, err = json.Marshal(body)
	return err
}

// braintree sends XML in a form, with a signature by the SHA-1 of the private key
// (developer.paypal.com/braintree, "Webhooks: Parse").
func braintree(r *http.Request, m *signature.Message, c signature.Config) error {
	if c.PublicKey == "" {
		return errors.New("--public-key is missing: the account's public key, which the source has too")
	}
	payload := base64.StdEncoding.EncodeToString(m.Body) + "\n"
	key := sha1.Sum([]byte(c.Secrets[0]))
	mac := hmac.New(sha1.New, key[:])
	mac.Write([]byte(payload))
	m.Body = []byte(url.Values{"bt_payload": {payload}, "bt_signature": {c.PublicKey + "|" + hex.EncodeToString(mac.Sum(nil))}}.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return nil
}

// dropboxSign sends JSON as the part of a form, with a hash of the event's time and type
// within (developers.hellosign.com, "Event hash").
func dropboxSign(r *http.Request, m *signature.Message, c signature.Config) error {
	kind, at := gjson.GetBytes(m.Body, "event.event_type").String(), strconv.FormatInt(m.At.Unix(), 10)
	if kind == "" {
		return errors.New("the body of dropbox-sign has event.event_type")
	}
	mac := hmac.New(sha256.New, []byte(c.Secrets[0]))
	mac.Write([]byte(at + kind))
	whole := map[string]json.RawMessage{}
	if err := json.Unmarshal(m.Body, &whole); err != nil {
		return fmt.Errorf("the body of dropbox-sign: %w", err)
	}
	event := map[string]any{}
	if err := json.Unmarshal(whole["event"], &event); err != nil {
		return fmt.Errorf("the body of dropbox-sign: event: %w", err)
	}
	event["event_time"], event["event_hash"] = at, hex.EncodeToString(mac.Sum(nil))
	var err error
	if whole["event"], err = json.Marshal(event); err != nil {
		return err
	}
	text, err := json.Marshal(whole)
	if err != nil {
		return err
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	if err := errors.Join(w.WriteField("json", string(text)), w.Close()); err != nil {
		return err
	}
	m.Body = form.Bytes()
	r.Header.Set("Content-Type", w.FormDataContentType())
	return nil
}

// shopifyProxy signs the query that Shopify adds, with what the shop's page has sent
// (shopify.dev, "Authenticate app proxies").
func shopifyProxy(r *http.Request, m *signature.Message, c signature.Config) error {
	query := r.URL.Query()
	query.Del("signature")
	for name, value := range map[string]string{"shop": "acme.myshopify.com", "path_prefix": "/apps/bot", "logged_in_customer_id": "", "timestamp": strconv.FormatInt(m.At.Unix(), 10)} {
		query.Set(name, value)
	}
	all := make([]string, 0, len(query))
	for name, values := range query {
		all = append(all, name+"="+strings.Join(values, ","))
	}
	slices.Sort(all)
	mac := hmac.New(sha256.New, []byte(c.Secrets[0]))
	mac.Write([]byte(strings.Join(all, "")))
	query.Set("signature", hex.EncodeToString(mac.Sum(nil)))
	r.URL.RawQuery = query.Encode()
	return nil
}
