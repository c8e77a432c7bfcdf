// Mints the Go fixtures of tokens.json, as the recipe for Go does, and prints them as a JSON list.
// The one difference: `exp` is a fixed day in 2099, or absent.
package main

import (
	"encoding/json"
	"os"
	"runtime/debug"

	"github.com/golang-jwt/jwt/v5"
)

const (
	workspaceKey = "token-fixtures"
	secret       = "not-a-real-secret/only-for-token-fixtures/0123456789/abcdefghijklmnopqrstuvwxyz"
	year2099     = 4070908800
)

type fixture struct {
	Language     string        `json:"language"`
	Library      string        `json:"library"`
	Version      string        `json:"version"`
	Algorithm    string        `json:"algorithm"`
	Claims       jwt.MapClaims `json:"claims"`
	WorkspaceKey string        `json:"workspaceKey"`
	Secret       string        `json:"secret"`
	Token        string        `json:"token"`
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/golang-jwt/jwt/v5" {
				return module.Version
			}
		}
	}
	panic("the library is not in the build information")
}

func mint(method jwt.SigningMethod, claims jwt.MapClaims) fixture {
	token, err := jwt.NewWithClaims(method, claims).
		SignedString([]byte(secret))
	if err != nil {
		panic(err)
	}
	return fixture{"go", "github.com/golang-jwt/jwt/v5", version(), method.Alg(), claims, workspaceKey, secret, token}
}

func main() {
	fixtures := []fixture{
		mint(jwt.SigningMethodHS256, jwt.MapClaims{
			"workspaceKey": workspaceKey,
			"tenantKey":    "tenant-of-go",
			"name":         "Zoë & <Go> / Söhne",
			"exp":          year2099,
		}),
		mint(jwt.SigningMethodHS512, jwt.MapClaims{
			"iss":    workspaceKey,
			"id":     "legacy-tenant-of-go",
			"name":   "Legacy Go",
			"fields": map[string]any{"plan": "pro", "seats": 3},
		}),
		mint(jwt.SigningMethodHS256, jwt.MapClaims{
			"workspaceKey": workspaceKey,
			"isAdmin":      true,
			"exp":          year2099,
		}),
	}
	if err := json.NewEncoder(os.Stdout).Encode(fixtures); err != nil {
		panic(err)
	}
}
