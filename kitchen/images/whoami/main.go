// Command whoami is a small application for the lab: it answers with the request it was given.
//
// GET /         the request's headers, the host it was sent to, and the instance that answers, as JSON
// GET /health   200 once it can serve; with a database, once that answers
// GET /visits   counts in the database and says the number; 404 without a database
//
// PORT is the port to listen on; DATABASE_URL_FILE is the file with the database's address, if there is one.
package main

import (
	"database/sql"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strings"

	_ "github.com/lib/pq"
)

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	database := openDatabase()
	http.HandleFunc("GET /{$}", echo)
	http.HandleFunc("GET /health", func(answer http.ResponseWriter, request *http.Request) {
		if database != nil {
			if err := database.PingContext(request.Context()); err != nil {
				http.Error(answer, "no database", http.StatusServiceUnavailable)
				return
			}
		}
		answer.WriteHeader(http.StatusOK)
	})
	http.HandleFunc("GET /visits", func(answer http.ResponseWriter, request *http.Request) { visit(database, answer, request) })
	log.Printf("listening on port %s", port)
	log.Fatal(http.ListenAndServe(":"+port, nil))
}

func echo(answer http.ResponseWriter, request *http.Request) {
	answer.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(answer).Encode(map[string]any{
		"headers": request.Header, "host": request.Host, "instance": os.Getenv("NOMAD_ALLOC_ID"),
	})
}

func visit(database *sql.DB, answer http.ResponseWriter, request *http.Request) {
	if database == nil {
		http.NotFound(answer, request)
		return
	}
	var count int
	_, err := database.ExecContext(request.Context(), "CREATE TABLE IF NOT EXISTS visits (id bigserial PRIMARY KEY)")
	if err == nil {
		_, err = database.ExecContext(request.Context(), "INSERT INTO visits DEFAULT VALUES")
	}
	if err == nil {
		err = database.QueryRowContext(request.Context(), "SELECT count(*) FROM visits").Scan(&count)
	}
	if err != nil {
		log.Printf("visit: %v", err)
		http.Error(answer, "the database did not answer", http.StatusServiceUnavailable)
		return
	}
	answer.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(answer).Encode(map[string]int{"visits": count})
}

func openDatabase() *sql.DB {
	file := os.Getenv("DATABASE_URL_FILE")
	if file == "" {
		return nil
	}
	address, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}
	database, err := sql.Open("postgres", strings.TrimSpace(string(address)))
	if err != nil {
		log.Fatal("the address of the database cannot be read")
	}
	return database
}
