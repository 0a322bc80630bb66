package jinja

type slice struct{ of, from, to, by expression }

func (s *slice) value(r *run) (Value, error) {
	v, err := s.of.value(r)
	if err != nil {
		return undefined, err
	}
	var items []Value
	switch v.kind {
	case Undefined:
		return undefined, nil
	case List:
		items, err = r.items(v)
	case String:
		return s.text(r, v)
	default:
		return undefined, nil
	}
	if err != nil {
		return undefined, err
	}
	places, err := s.places(r, len(items))
	if err != nil {
		return undefined, err
	}
	cut := make([]Value, 0, len(places))
	for _, i := range places {
		cut = append(cut, items[i])
	}
	return r.list(cut, v.flag)
}

func (s *slice) text(r *run, v Value) (Value, error) {
	all := []rune(v.text())
	if err := r.work(4 * len(all)); err != nil {
		return undefined, err
	}
	from, to, by, err := s.bounds(r, len(all))
	if err != nil {
		return undefined, err
	}
	if by == 1 {
		made, err := r.made(string(all[min(from, to):to]))
		made.flag = v.flag
		return made, err
	}
	cut := make([]rune, 0, len(all))
	for i := from; by > 0 && i < to || by < 0 && i > to; i += by {
		cut = append(cut, all[i])
	}
	made, err := r.made(string(cut))
	made.flag = v.flag
	return made, err
}

func (s *slice) places(r *run, length int) ([]int, error) {
	from, to, by, err := s.bounds(r, length)
	if err != nil {
		return nil, err
	}
	var places []int
	for i := from; by > 0 && i < to || by < 0 && i > to; i += by {
		places = append(places, i)
	}
	return places, nil
}

// bounds are those of Python's slice.indices.
func (s *slice) bounds(r *run, length int) (from, to, by int, err error) {
	by, _, err = s.bound(r, s.by, 1, -length-1, length+1)
	if err != nil {
		return 0, 0, 0, err
	}
	if by == 0 {
		return 0, 0, 0, errOperand
	}
	low, high := 0, length
	if by < 0 {
		low, high = -1, length-1
	}
	end := func(x expression, otherwise int) (int, error) {
		i, given, err := s.bound(r, x, otherwise, -2*length-2, 2*length+2)
		if err != nil || !given {
			return otherwise, err
		}
		if i < 0 {
			return max(i+length, low), nil
		}
		return min(i, high), nil
	}
	first, last := low, high
	if by < 0 {
		first, last = high, low
	}
	if from, err = end(s.from, first); err == nil {
		to, err = end(s.to, last)
	}
	return from, to, by, err
}

// bound gives a number of a slice, cut to what makes a difference.
func (s *slice) bound(r *run, x expression, otherwise, low, high int) (n int, given bool, err error) {
	if x == nil {
		return otherwise, false, nil
	}
	v, err := x.value(r)
	switch {
	case err != nil:
		return 0, false, err
	case v.kind == None:
		return otherwise, false, nil
	case v.kind == Undefined:
		return 0, false, errMissing
	case v.kind != Int && v.kind != Bool:
		return 0, false, errOperand
	case !v.isSmall():
		if v.big().Sign() < 0 {
			return low, true, nil
		}
		return high, true, nil
	}
	return int(max(int64(low), min(int64(high), v.small()))), true, nil
}
