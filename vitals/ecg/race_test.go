//go:build race

package ecg_test

const raceDetector = true
