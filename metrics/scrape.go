package metrics

import (
	"cmp"
	"io"
	"net/http"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// maxScrapes bounds how many scrapes are answered at once.
const maxScrapes = 4

// wanted are the names of metrics that are asked for; nil: all.
type wanted map[string]bool

func (w wanted) has(name string) bool { return w == nil || w[name] }

// asked reads name[]=… of a query, which may stand there often.
func asked(r *http.Request) wanted {
	if r.URL == nil || r.URL.RawQuery == "" {
		return nil
	}
	names := r.URL.Query()["name[]"]
	if len(names) == 0 {
		return nil
	}
	w := wanted{}
	for _, name := range names {
		w[name] = true
	}
	return w
}

// scrape is one answer.
type scrape struct {
	set     *Set
	asked   wanted
	format  expfmt.Format
	library []*dto.MetricFamily
	view    *view
}

// Handler serves /metrics. Of the names that stand in the query as name[]=…, it shows
// those alone, and gathers no others; a name that there is not gives nothing. It writes as
// it goes: what it holds of an answer is some pieces, however many tenants there are. It
// is compressed as Accept-Encoding says.
func (s *Set) Handler() http.Handler {
	turns := make(chan struct{}, maxScrapes)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case turns <- struct{}{}:
			defer func() { <-turns }()
			s.serve(w, r)
		default:
			w.Header().Set("Retry-After", "1")
			http.Error(w, "metrics are being read by as many as may: try again later", http.StatusServiceUnavailable)
		}
	})
}

func (s *Set) serve(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	x := &scrape{set: s, asked: asked(r), format: expfmt.NegotiateAccept(r.Header, formats(s.exemplars)...)}
	if x.asked.has(queueDepth.name) || x.asked.has(queueOldest.name) {
		s.lookAtQueues()
	}
	var err error
	if x.library, err = s.library.gather(x.asked); err != nil {
		http.Error(w, "metrics could not be gathered: "+err.Error(), http.StatusInternalServerError)
		return
	}
	who := s.scrapers.who(r)
	x.view = s.shelf.view(now)
	x.view.held = s.scrapers.holds(who, now)
	w.Header().Set("Content-Type", string(x.format))
	w.Header().Add("Vary", "Accept, Accept-Encoding")
	to, end := compressed(&stream{to: w}, w.Header(), r.Header.Get("Accept-Encoding"))
	if end(x.write(to)) == nil {
		s.scrapers.saw(who, x.view.top, now)
	}
}

// formats are those that are spoken, the best first.
func formats(exemplars bool) []expfmt.Format {
	if exemplars {
		return expfmt.DefaultOpenMetricsAcceptedFormats()
	}
	return expfmt.DefaultAcceptedFormats()
}

// write writes all that is asked for, by name.
func (x *scrape) write(to io.Writer) error {
	encoder := expfmt.NewEncoder(to, x.format)
	plain := &text{to: to, buffer: make([]byte, 0, piece+piece/4)}
	next := slices.DeleteFunc(slices.Clone(families), func(f *family) bool { return !x.asked.has(f.name) })
	slices.SortFunc(x.library, func(a, b *dto.MetricFamily) int { return cmp.Compare(a.GetName(), b.GetName()) })
	for _, f := range x.library {
		for len(next) > 0 && next[0].name < f.GetName() {
			if err := x.own(next[0], encoder, plain); err != nil {
				return err
			}
			next = next[1:]
		}
		if err := encoder.Encode(f); err != nil {
			return err
		}
	}
	for _, f := range next {
		if err := x.own(f, encoder, plain); err != nil {
			return err
		}
	}
	if closer, is := encoder.(expfmt.Closer); is { // OpenMetrics says where it ends
		return closer.Close()
	}
	return nil
}

// own writes one that the library does not keep.
func (x *scrape) own(f *family, encoder expfmt.Encoder, plain *text) error {
	if x.format.FormatType() == expfmt.TypeTextPlain {
		x.view.out = plain
		return x.view.write(f)
	}
	made, err := x.view.gather(f)
	if err != nil || made == nil {
		return err
	}
	return encoder.Encode(made)
}
