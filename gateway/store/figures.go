package store

import "time"

// Figures are what was counted of one thing in one minute, or in one hour. What is in
// Data is its writer's own.
type Figures struct {
	Tenant string // or a word that no tenant can be called
	Series string // of what of the tenant's
	Hour   bool   // of an hour; else of a minute
	At     time.Time
	Data   []byte
}

// FiguresOf asks for the figures of one thing from Since on and before Until, in the order
// of time.
type FiguresOf struct {
	Tenant, Series string
	Hour           bool
	Since, Until   time.Time
}

// How long figures are kept: a little longer than O4 promises, for they go by whole hours
// and days.
const (
	MinutesKept = 24 * time.Hour
	HoursKept   = 30 * 24 * time.Hour
)
