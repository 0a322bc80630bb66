package node

import (
	"hookgate/auth/seal"
	"hookgate/gateway/keeping"
	"hookgate/gateway/store/pebblestore"
)

// DataChecked is what is told of a data folder that was read whole.
type DataChecked struct {
	Damage, Notes  []string // each begins with the file
	Files          int
	Bytes, Records int64
}

// CheckData reads a data folder that nobody serves, and changes nothing. masterKey is
// "" where the folder has its own. Its error says why the folder could not be read.
func CheckData(dir, masterKey string) (told DataChecked, err error) {
	if err := keeping.Whole(dir); err != nil {
		return told, err
	}
	c, err := pebblestore.Check(dir)
	if err != nil {
		return told, err
	}
	told.Files, told.Bytes, told.Records = c.Files, c.Bytes, c.Records
	for _, d := range c.Damage {
		told.Damage = append(told.Damage, d.String())
	}
	for _, d := range c.Notes {
		told.Notes = append(told.Notes, d.String())
	}
	if c.Odd {
		return told, nil
	}
	if err := seal.Look(dir, masterKey, true); err != nil {
		told.Damage = append(told.Damage, "master.key, sealed: "+err.Error())
	}
	return told, nil
}
