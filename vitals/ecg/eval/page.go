package main

func (r *result) writePage(out string, microvolts []int16) error { return nil }

func writeIndex(out string, results []*result) error { return nil }
