package ecg

// under counts how many of the limits a value lies below.
func under(value int64, limits ...int64) (votes int) {
	for _, limit := range limits {
		if value < limit {
			votes++
		}
	}
	return votes
}

// over counts how many of the limits a value lies above.
func over(value int64, limits ...int64) (votes int) {
	for _, limit := range limits {
		if value > limit {
			votes++
		}
	}
	return votes
}
