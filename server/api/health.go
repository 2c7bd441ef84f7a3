package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// Check is one thing that makes a node fit to serve: database, journal, owner of its partitions.
type Check struct {
	Name string
	Run  func(context.Context) error // nil: in order
}

// checkTimeout bounds one check, so that a hanging database makes the node unready, not the check.
const checkTimeout = 2 * time.Second

type checkResult struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Reason string `json:"reason,omitempty"`
}

type readiness struct {
	Ready  bool          `json:"ready"`
	Checks []checkResult `json:"checks"`
}

func (s *service) mountHealth(engine *gin.Engine) {
	engine.GET("/healthz", func(c *gin.Context) {
		c.Header("Cache-Control", "no-store")
		c.JSON(http.StatusOK, map[string]string{"status": "alive", "version": s.Version})
	})
	engine.GET("/readyz", s.readyz)
	if s.SecurityContact != "" {
		engine.GET("/.well-known/security.txt", s.securityText)
	}
}

func (s *service) readyz(c *gin.Context) {
	answer := readiness{Ready: true, Checks: []checkResult{}}
	for _, check := range s.Ready {
		result := checkResult{Name: check.Name, OK: true}
		if err := runCheck(c.Request.Context(), check); err != nil {
			result.OK, result.Reason = false, err.Error()
			answer.Ready = false
		}
		answer.Checks = append(answer.Checks, result)
	}
	status := http.StatusOK
	if !answer.Ready {
		status = http.StatusServiceUnavailable
	}
	c.Header("Cache-Control", "no-store")
	c.JSON(status, answer)
}

func runCheck(ctx context.Context, check Check) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	return check.Run(ctx)
}

// securityExpiry keeps the page valid for less than the year that RFC 9116 recommends at most.
const securityExpiry = 180 * 24 * time.Hour

func (s *service) securityText(c *gin.Context) {
	var text strings.Builder
	fmt.Fprintf(&text, "Contact: %s\n", s.SecurityContact)
	fmt.Fprintf(&text, "Expires: %s\n", s.Now().Add(securityExpiry).UTC().Truncate(24*time.Hour).Format(time.RFC3339))
	fmt.Fprint(&text, "Preferred-Languages: en\n")
	if s.PublicURL != "" {
		fmt.Fprintf(&text, "Canonical: %s/.well-known/security.txt\n", strings.TrimSuffix(s.PublicURL, "/"))
	}
	c.Data(http.StatusOK, "text/plain; charset=utf-8", []byte(text.String()))
}
