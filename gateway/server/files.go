package server

// share bounds connections by the descriptors that the process may have open, 0
// for any number: who connects to the public listener must leave enough to the
// platform's own connections and to the store, for a store that cannot open its
// next file takes nothing more until a restart.
//
// A public connection may take a second descriptor, to an upstream, so that at
// worst half of all is the public's. The internal side may have what is left by
// idle public ones: who is on it is trusted, but for the part of store and lanes.
func (o *Options) share(files int) {
	public, internal := mostPublicConns, mostInternalConns
	if files > 0 {
		public = min(public, files/4)
		internal = min(internal, files*3/4-min(maxReserve, files*3/16))
	}
	orDefault(&o.PublicConns, max(1, public))
	orDefault(&o.InternalConns, max(1, internal))
}

// InternalConns is how many connections the internal listener has at most, where no
// option says otherwise.
func InternalConns() int {
	var o Options
	o.share(OpenFiles())
	return o.InternalConns
}

const (
	mostPublicConns   = 16384
	mostInternalConns = 65536 // each held wait has one
	fewConns          = 1024  // of the public ones: fewer are worth a warning
	// maxReserve is what the store may need, and connections to endpoints: those of
	// attempts under way (an eighth at most), and those that are kept (bounds.connections,
	// a sixteenth at most).
	maxReserve = 10240
)
