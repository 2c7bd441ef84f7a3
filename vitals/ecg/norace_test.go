//go:build !race

package ecg_test

const raceDetector = false
