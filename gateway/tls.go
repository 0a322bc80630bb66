package gateway

// TLS is how one target is reached over TLS, in PEM (SPEC 15). The files are for the
// configuration file alone, which reads them: they stand for the members beside them.
type TLS struct {
	CA         string `json:"ca"`          // authorities, in place of the system's and of egress.ca
	Cert       string `json:"cert"`        // our own certificate, with those between it and its authority
	Key        Secret `json:"key"`         // of cert, without a passphrase
	ServerName string `json:"server_name"` // that is asked for, and that its certificate must have; default the url's host

	CAFile   string `json:"ca_file,omitempty"`
	CertFile string `json:"cert_file,omitempty"`
	KeyFile  string `json:"key_file,omitempty"`
}
