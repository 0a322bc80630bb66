package resources

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"hookgate/auth/seal"
	"hookgate/gateway"
)

// resealed is how many records are written at once.
const resealed = 100

// Reseal seals all secrets of a store anew that are sealed with from. Those that are sealed
// with to already stay: it may be cut short anywhere, and be done again. Last of all the
// store is marked with its new key. Before it writes it has opened every secret, and calls
// begin: with keys that are not the store's nothing was begun.
func Reseal(s Store, from, to *seal.Sealer, begin func() error) error {
	records, check, err := readStore(s)
	if err != nil {
		return fmt.Errorf("reading resources: %w", err)
	}
	if check != "" && from.Matches(check) != nil && to.Matches(check) != nil {
		return ErrMasterKey
	}
	var changed []gateway.Record
	for _, rec := range records {
		again, err := resealRecord(rec, from, to)
		if err != nil {
			return fmt.Errorf("sealing %s %s/%s anew: %w", rec.Kind, rec.Tenant, rec.ID, err)
		}
		if again != nil {
			rec.Value = again
			changed = append(changed, rec)
		}
	}
	if err := begin(); err != nil {
		return err
	}
	for some := range slices.Chunk(changed, resealed) {
		if err := s.PutResources(some...); err != nil {
			return err
		}
	}
	return s.PutResources(gateway.Record{Kind: markKind, ID: markSeal, Value: []byte(to.Check())})
}

// resealRecord gives a record with its secrets sealed anew; nil: it stays as it is. What
// else is in it is not read, and stays as it was written.
func resealRecord(rec gateway.Record, from, to *seal.Sealer) (again []byte, err error) {
	var members map[string]json.RawMessage
	var secrets map[string]string
	if json.Unmarshal(rec.Value, &members) != nil || members["secrets"] == nil {
		return nil, nil
	}
	if err := json.Unmarshal(members["secrets"], &secrets); err != nil {
		return nil, err
	}
	changed := false
	for path, sealed := range secrets {
		place := seal.AAD(rec.Tenant, object(rec.Kind, rec.ID), path)
		if _, err := to.Open(sealed, place); err == nil {
			continue
		}
		plain, err := from.Open(sealed, place)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s opens with neither key", path), err)
		}
		secrets[path], changed = to.Seal(plain, place), true
	}
	if !changed {
		return nil, nil
	}
	if members["secrets"], err = json.Marshal(secrets); err != nil {
		return nil, err
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	err = e.Encode(members)
	return text.Bytes(), err
}
