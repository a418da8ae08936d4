// Written by scripts/embed-documents.py from docs; change it there.

/// The descriptions of the subscriber protocol, by the path at which they are served.
enum EmbeddedDocuments {
    static let texts: [String: String] = [
        "/openapi.json": #"""
        {
          "openapi": "3.1.0",
          "info": {
            "title": "Touchline subscribers",
            "version": "1",
            "description": "Normalised odds: snapshots, changes and streams. docs/subscribers.md explains them.",
            "license": {
              "name": "Apache-2.0",
              "identifier": "Apache-2.0"
            }
          },
          "security": [
            {
              "bearer": []
            },
            {
              "apiKey": []
            },
            {
              "query": []
            }
          ],
          "paths": {
            "/v1/odds": {
              "get": {
                "operationId": "odds",
                "summary": "Fixtures with their prices",
                "parameters": [
                  {
                    "$ref": "#/components/parameters/feeds"
                  },
                  {
                    "$ref": "#/components/parameters/sports"
                  },
                  {
                    "$ref": "#/components/parameters/tournaments"
                  },
                  {
                    "$ref": "#/components/parameters/fixtures"
                  },
                  {
                    "$ref": "#/components/parameters/markets"
                  },
                  {
                    "$ref": "#/components/parameters/live"
                  },
                  {
                    "$ref": "#/components/parameters/format"
                  }
                ],
                "responses": {
                  "200": {
                    "description": "The state.",
                    "content": {
                      "application/json": {
                        "schema": {
                          "$ref": "schemas/rest.json#/$defs/odds"
                        }
                      }
                    },
                    "headers": {
                      "ETag": {
                        "schema": {
                          "type": "string"
                        }
                      }
                    }
                  },
                  "304": {
                    "description": "As If-None-Match has it."
                  },
                  "400": {
                    "$ref": "#/components/responses/bad"
                  },
                  "401": {
                    "$ref": "#/components/responses/unauthorized"
                  },
                  "403": {
                    "$ref": "#/components/responses/forbidden"
                  },
                  "429": {
                    "$ref": "#/components/responses/many"
                  },
                  "503": {
                    "$ref": "#/components/responses/unready"
                  }
                }
              }
            },
            "/v1/odds/changes": {
              "get": {
                "operationId": "changes",
                "summary": "What changed after a cursor",
                "description": "Polls instead of holding a stream open: apply the answer, keep its cur, ask again with the same filter.",
                "parameters": [
                  {
                    "$ref": "#/components/parameters/feeds"
                  },
                  {
                    "$ref": "#/components/parameters/sports"
                  },
                  {
                    "$ref": "#/components/parameters/tournaments"
                  },
                  {
                    "$ref": "#/components/parameters/fixtures"
                  },
                  {
                    "$ref": "#/components/parameters/markets"
                  },
                  {
                    "$ref": "#/components/parameters/live"
                  },
                  {
                    "$ref": "#/components/parameters/format"
                  },
                  {
                    "$ref": "#/components/parameters/since"
                  }
                ],
                "responses": {
                  "200": {
                    "description": "The changes.",
                    "content": {
                      "application/json": {
                        "schema": {
                          "$ref": "schemas/rest.json#/$defs/changes"
                        }
                      }
                    }
                  },
                  "400": {
                    "$ref": "#/components/responses/bad"
                  },
                  "401": {
                    "$ref": "#/components/responses/unauthorized"
                  },
                  "403": {
                    "$ref": "#/components/responses/forbidden"
                  },
                  "429": {
                    "$ref": "#/components/responses/many"
                  },
                  "503": {
                    "$ref": "#/components/responses/unready"
                  }
                }
              }
            },
            "/v1/fixtures": {
              "get": {
                "operationId": "fixtures",
                "summary": "Fixtures without prices",
                "parameters": [
                  {
                    "$ref": "#/components/parameters/feeds"
                  },
                  {
                    "$ref": "#/components/parameters/sports"
                  },
                  {
                    "$ref": "#/components/parameters/tournaments"
                  },
                  {
                    "$ref": "#/components/parameters/fixtures"
                  },
                  {
                    "$ref": "#/components/parameters/markets"
                  },
                  {
                    "$ref": "#/components/parameters/live"
                  },
                  {
                    "$ref": "#/components/parameters/format"
                  }
                ],
                "responses": {
                  "200": {
                    "description": "The state; rows are empty.",
                    "content": {
                      "application/json": {
                        "schema": {
                          "$ref": "schemas/rest.json#/$defs/odds"
                        }
                      }
                    },
                    "headers": {
                      "ETag": {
                        "schema": {
                          "type": "string"
                        }
                      }
                    }
                  },
                  "304": {
                    "description": "As If-None-Match has it."
                  },
                  "400": {
                    "$ref": "#/components/responses/bad"
                  },
                  "401": {
                    "$ref": "#/components/responses/unauthorized"
                  },
                  "403": {
                    "$ref": "#/components/responses/forbidden"
                  },
                  "429": {
                    "$ref": "#/components/responses/many"
                  },
                  "503": {
                    "$ref": "#/components/responses/unready"
                  }
                }
              }
            },
            "/v1/feeds": {
              "get": {
                "operationId": "feeds",
                "summary": "The states of the feeds",
                "responses": {
                  "200": {
                    "description": "The states.",
                    "content": {
                      "application/json": {
                        "schema": {
                          "$ref": "schemas/rest.json#/$defs/feeds"
                        }
                      }
                    }
                  },
                  "401": {
                    "$ref": "#/components/responses/unauthorized"
                  },
                  "403": {
                    "$ref": "#/components/responses/forbidden"
                  },
                  "429": {
                    "$ref": "#/components/responses/many"
                  },
                  "503": {
                    "$ref": "#/components/responses/unready"
                  }
                }
              }
            },
            "/v1/limits": {
              "get": {
                "operationId": "limits",
                "summary": "What the key may take",
                "responses": {
                  "200": {
                    "description": "The limits.",
                    "content": {
                      "application/json": {
                        "schema": {
                          "$ref": "schemas/rest.json#/$defs/limits"
                        }
                      }
                    }
                  },
                  "401": {
                    "$ref": "#/components/responses/unauthorized"
                  },
                  "403": {
                    "$ref": "#/components/responses/forbidden"
                  },
                  "429": {
                    "$ref": "#/components/responses/many"
                  },
                  "503": {
                    "$ref": "#/components/responses/unready"
                  }
                }
              }
            },
            "/v1/ops": {
              "get": {
                "operationId": "ops",
                "summary": "The pipeline's health",
                "description": "For keys with ops: true, and where no credentials are required.",
                "responses": {
                  "200": {
                    "description": "Feeds, lag, rates, dead letters and gaps.",
                    "content": {
                      "application/json": {
                        "schema": {
                          "$ref": "schemas/rest.json#/$defs/ops"
                        }
                      }
                    }
                  },
                  "401": {
                    "$ref": "#/components/responses/unauthorized"
                  },
                  "403": {
                    "$ref": "#/components/responses/forbidden"
                  },
                  "429": {
                    "$ref": "#/components/responses/many"
                  },
                  "503": {
                    "$ref": "#/components/responses/unready"
                  }
                }
              }
            },
            "/v1/stream": {
              "get": {
                "operationId": "stream",
                "summary": "Server-Sent Events",
                "parameters": [
                  {
                    "$ref": "#/components/parameters/feeds"
                  },
                  {
                    "$ref": "#/components/parameters/sports"
                  },
                  {
                    "$ref": "#/components/parameters/tournaments"
                  },
                  {
                    "$ref": "#/components/parameters/fixtures"
                  },
                  {
                    "$ref": "#/components/parameters/markets"
                  },
                  {
                    "$ref": "#/components/parameters/live"
                  },
                  {
                    "$ref": "#/components/parameters/format"
                  },
                  {
                    "$ref": "#/components/parameters/ch"
                  },
                  {
                    "$ref": "#/components/parameters/conflate_ms"
                  },
                  {
                    "$ref": "#/components/parameters/hb_ms"
                  },
                  {
                    "$ref": "#/components/parameters/resume"
                  }
                ],
                "responses": {
                  "200": {
                    "description": "The frames of one subscription, each as the data of an event; those with a cursor carry it as id. The event 'close' says why the stream ends, as {\"code\":4008}.",
                    "content": {
                      "text/event-stream": {
                        "schema": {
                          "$ref": "schemas/frames.json"
                        }
                      }
                    }
                  },
                  "400": {
                    "$ref": "#/components/responses/bad"
                  },
                  "401": {
                    "$ref": "#/components/responses/unauthorized"
                  },
                  "403": {
                    "$ref": "#/components/responses/forbidden"
                  },
                  "429": {
                    "$ref": "#/components/responses/many"
                  },
                  "503": {
                    "$ref": "#/components/responses/unready"
                  }
                }
              }
            },
            "/v1/ws": {
              "get": {
                "operationId": "websocket",
                "summary": "WebSocket",
                "parameters": [
                  {
                    "$ref": "#/components/parameters/hb_ms"
                  }
                ],
                "responses": {
                  "101": {
                    "description": "See /asyncapi.json."
                  },
                  "426": {
                    "description": "The request does not ask for an upgrade.",
                    "content": {
                      "application/json": {
                        "schema": {
                          "$ref": "schemas/rest.json#/$defs/error"
                        }
                      }
                    }
                  },
                  "400": {
                    "$ref": "#/components/responses/bad"
                  },
                  "401": {
                    "$ref": "#/components/responses/unauthorized"
                  },
                  "403": {
                    "$ref": "#/components/responses/forbidden"
                  },
                  "429": {
                    "$ref": "#/components/responses/many"
                  },
                  "503": {
                    "$ref": "#/components/responses/unready"
                  }
                }
              }
            },
            "/openapi.json": {
              "get": {
                "operationId": "openapi",
                "summary": "This document",
                "responses": {
                  "200": {
                    "description": "OpenAPI 3.1",
                    "content": {
                      "application/json": {}
                    }
                  }
                },
                "security": []
              }
            },
            "/asyncapi.json": {
              "get": {
                "operationId": "asyncapi",
                "summary": "The WebSocket protocol",
                "responses": {
                  "200": {
                    "description": "AsyncAPI 3",
                    "content": {
                      "application/json": {}
                    }
                  }
                },
                "security": []
              }
            },
            "/schemas/frames.json": {
              "get": {
                "operationId": "schema_frames",
                "summary": "JSON Schemas of frames",
                "responses": {
                  "200": {
                    "description": "JSON Schema 2020-12",
                    "content": {
                      "application/schema+json": {}
                    }
                  }
                },
                "security": []
              }
            },
            "/schemas/commands.json": {
              "get": {
                "operationId": "schema_commands",
                "summary": "JSON Schemas of commands",
                "responses": {
                  "200": {
                    "description": "JSON Schema 2020-12",
                    "content": {
                      "application/schema+json": {}
                    }
                  }
                },
                "security": []
              }
            },
            "/schemas/rest.json": {
              "get": {
                "operationId": "schema_rest",
                "summary": "JSON Schemas of rest",
                "responses": {
                  "200": {
                    "description": "JSON Schema 2020-12",
                    "content": {
                      "application/schema+json": {}
                    }
                  }
                },
                "security": []
              }
            }
          },
          "components": {
            "parameters": {
              "feeds": {
                "name": "feeds",
                "in": "query",
                "description": "Feed names; several separated by commas.",
                "schema": {
                  "type": "array",
                  "items": {
                    "type": "string"
                  }
                },
                "style": "form",
                "explode": false
              },
              "sports": {
                "name": "sports",
                "in": "query",
                "description": "Sports, by name or identifier; several separated by commas.",
                "schema": {
                  "type": "array",
                  "items": {
                    "type": "string"
                  }
                },
                "style": "form",
                "explode": false
              },
              "tournaments": {
                "name": "tournaments",
                "in": "query",
                "description": "Tournaments, by name or identifier; several separated by commas.",
                "schema": {
                  "type": "array",
                  "items": {
                    "type": "string"
                  }
                },
                "style": "form",
                "explode": false
              },
              "fixtures": {
                "name": "fixtures",
                "in": "query",
                "description": "Fixture identifiers, or <feed>|<fixture>; several separated by commas.",
                "schema": {
                  "type": "array",
                  "items": {
                    "type": "string"
                  }
                },
                "style": "form",
                "explode": false
              },
              "markets": {
                "name": "markets",
                "in": "query",
                "description": "Market types; several separated by commas.",
                "schema": {
                  "type": "array",
                  "items": {
                    "type": "string"
                  }
                },
                "style": "form",
                "explode": false
              },
              "live": {
                "name": "live",
                "in": "query",
                "description": "Only fixtures in play, or only others.",
                "schema": {
                  "type": "boolean"
                }
              },
              "format": {
                "name": "format",
                "in": "query",
                "description": "How prices are written.",
                "schema": {
                  "$ref": "schemas/frames.json#/$defs/format"
                }
              },
              "ch": {
                "name": "ch",
                "in": "query",
                "description": "The stream's channel.",
                "schema": {
                  "$ref": "schemas/frames.json#/$defs/channel"
                }
              },
              "conflate_ms": {
                "name": "conflate_ms",
                "in": "query",
                "description": "Changes no more often than this; rounded up to a class.",
                "schema": {
                  "type": "integer",
                  "minimum": 0
                }
              },
              "hb_ms": {
                "name": "hb_ms",
                "in": "query",
                "description": "How often heartbeats come.",
                "schema": {
                  "type": "integer",
                  "minimum": 1000,
                  "maximum": 30000
                }
              },
              "resume": {
                "name": "resume",
                "in": "query",
                "description": "The last cursor; the header Last-Event-ID says the same.",
                "schema": {
                  "$ref": "schemas/frames.json#/$defs/cursor"
                }
              },
              "since": {
                "name": "since",
                "in": "query",
                "description": "The last cursor.",
                "schema": {
                  "$ref": "schemas/frames.json#/$defs/cursor"
                },
                "required": true
              }
            },
            "responses": {
              "bad": {
                "description": "A parameter is not understood, or a limit is passed.",
                "content": {
                  "application/json": {
                    "schema": {
                      "$ref": "schemas/rest.json#/$defs/error"
                    }
                  }
                }
              },
              "unauthorized": {
                "description": "Credentials are missing or not good.",
                "content": {
                  "application/json": {
                    "schema": {
                      "$ref": "schemas/rest.json#/$defs/error"
                    }
                  }
                }
              },
              "forbidden": {
                "description": "The key may not see this.",
                "content": {
                  "application/json": {
                    "schema": {
                      "$ref": "schemas/rest.json#/$defs/error"
                    }
                  }
                }
              },
              "many": {
                "description": "Too many connections or requests of the key; Retry-After says when to come back.",
                "content": {
                  "application/json": {
                    "schema": {
                      "$ref": "schemas/rest.json#/$defs/error"
                    }
                  }
                }
              },
              "unready": {
                "description": "The instance is catching up with the streams, or too many connect at once; Retry-After says when to come back.",
                "content": {
                  "application/json": {
                    "schema": {
                      "$ref": "schemas/rest.json#/$defs/error"
                    }
                  }
                }
              }
            },
            "securitySchemes": {
              "bearer": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT or API key"
              },
              "apiKey": {
                "type": "apiKey",
                "in": "header",
                "name": "X-API-Key"
              },
              "query": {
                "type": "apiKey",
                "in": "query",
                "name": "token"
              }
            }
          }
        }

        """#,
        "/asyncapi.json": #"""
        {
          "asyncapi": "3.0.0",
          "info": {
            "title": "Touchline subscribers",
            "version": "1",
            "description": "The subscriber protocol over WebSocket; docs/subscribers.md explains it. Nothing in a data frame is per connection.",
            "license": {
              "name": "Apache-2.0"
            }
          },
          "defaultContentType": "application/json",
          "servers": {
            "here": {
              "host": "localhost:8080",
              "protocol": "ws",
              "description": "wherever broadcaster.listen is"
            }
          },
          "channels": {
            "subscriptions": {
              "address": "/v1/ws",
              "messages": {
                "server_hello": {
                  "$ref": "#/components/messages/server_hello"
                },
                "server_sub_ok": {
                  "$ref": "#/components/messages/server_sub_ok"
                },
                "server_upd_ok": {
                  "$ref": "#/components/messages/server_upd_ok"
                },
                "server_unsub_ok": {
                  "$ref": "#/components/messages/server_unsub_ok"
                },
                "server_snap": {
                  "$ref": "#/components/messages/server_snap"
                },
                "server_snap_end": {
                  "$ref": "#/components/messages/server_snap_end"
                },
                "server_d": {
                  "$ref": "#/components/messages/server_d"
                },
                "server_reset": {
                  "$ref": "#/components/messages/server_reset"
                },
                "server_feed": {
                  "$ref": "#/components/messages/server_feed"
                },
                "server_hb": {
                  "$ref": "#/components/messages/server_hb"
                },
                "server_err": {
                  "$ref": "#/components/messages/server_err"
                },
                "server_bye": {
                  "$ref": "#/components/messages/server_bye"
                },
                "client_auth": {
                  "$ref": "#/components/messages/client_auth"
                },
                "client_sub": {
                  "$ref": "#/components/messages/client_sub"
                },
                "client_upd": {
                  "$ref": "#/components/messages/client_upd"
                },
                "client_unsub": {
                  "$ref": "#/components/messages/client_unsub"
                },
                "client_resync": {
                  "$ref": "#/components/messages/client_resync"
                },
                "client_hb": {
                  "$ref": "#/components/messages/client_hb"
                }
              },
              "bindings": {
                "ws": {
                  "method": "GET",
                  "query": {
                    "type": "object",
                    "properties": {
                      "token": {
                        "type": "string"
                      },
                      "hb_ms": {
                        "type": "integer",
                        "minimum": 1000,
                        "maximum": 30000
                      }
                    }
                  }
                }
              }
            }
          },
          "operations": {
            "receiveFrames": {
              "action": "receive",
              "summary": "What the server sends",
              "channel": {
                "$ref": "#/channels/subscriptions"
              },
              "messages": [
                {
                  "$ref": "#/channels/subscriptions/messages/server_hello"
                },
                {
                  "$ref": "#/channels/subscriptions/messages/server_sub_ok"
                },
                {
                  "$ref": "#/channels/subscriptions/messages/server_upd_ok"
                },
                {
                  "$ref": "#/channels/subscriptions/messages/server_unsub_ok"
                },
                {
                  "$ref": "#/channels/subscriptions/messages/server_snap"
                },
                {
                  "$ref": "#/channels/subscriptions/messages/server_snap_end"
                },
                {
                  "$ref": "#/channels/subscriptions/messages/server_d"
                },
                {
                  "$ref": "#/channels/subscriptions/messages/server_reset"
                },
                {
                  "$ref": "#/channels/subscriptions/messages/server_feed"
                },
                {
                  "$ref": "#/channels/subscriptions/messages/server_hb"
                },
                {
                  "$ref": "#/channels/subscriptions/messages/server_err"
                },
                {
                  "$ref": "#/channels/subscriptions/messages/server_bye"
                }
              ]
            },
            "sendCommands": {
              "action": "send",
              "summary": "What the client sends",
              "channel": {
                "$ref": "#/channels/subscriptions"
              },
              "messages": [
                {
                  "$ref": "#/channels/subscriptions/messages/client_auth"
                },
                {
                  "$ref": "#/channels/subscriptions/messages/client_sub"
                },
                {
                  "$ref": "#/channels/subscriptions/messages/client_upd"
                },
                {
                  "$ref": "#/channels/subscriptions/messages/client_unsub"
                },
                {
                  "$ref": "#/channels/subscriptions/messages/client_resync"
                },
                {
                  "$ref": "#/channels/subscriptions/messages/client_hb"
                }
              ]
            }
          },
          "components": {
            "messages": {
              "server_hello": {
                "name": "hello",
                "title": "The first message: what may be trusted comes before any price.",
                "payload": {
                  "schemaFormat": "application/schema+json;version=draft-2020-12",
                  "schema": {
                    "$ref": "schemas/frames.json#/$defs/hello"
                  }
                }
              },
              "server_sub_ok": {
                "name": "sub_ok",
                "title": "The subscription as it was understood.",
                "payload": {
                  "schemaFormat": "application/schema+json;version=draft-2020-12",
                  "schema": {
                    "$ref": "schemas/frames.json#/$defs/sub_ok"
                  }
                }
              },
              "server_upd_ok": {
                "name": "upd_ok",
                "title": "The subscription after an edit.",
                "payload": {
                  "schemaFormat": "application/schema+json;version=draft-2020-12",
                  "schema": {
                    "$ref": "schemas/frames.json#/$defs/upd_ok"
                  }
                }
              },
              "server_unsub_ok": {
                "name": "unsub_ok",
                "title": "The subscription is gone.",
                "payload": {
                  "schemaFormat": "application/schema+json;version=draft-2020-12",
                  "schema": {
                    "$ref": "schemas/frames.json#/$defs/unsub_ok"
                  }
                }
              },
              "server_snap": {
                "name": "snap",
                "title": "Whole lanes.",
                "payload": {
                  "schemaFormat": "application/schema+json;version=draft-2020-12",
                  "schema": {
                    "$ref": "schemas/frames.json#/$defs/snap"
                  }
                }
              },
              "server_snap_end": {
                "name": "snap_end",
                "title": "The client has everything.",
                "payload": {
                  "schemaFormat": "application/schema+json;version=draft-2020-12",
                  "schema": {
                    "$ref": "schemas/frames.json#/$defs/snap_end"
                  }
                }
              },
              "server_d": {
                "name": "d",
                "title": "What one frame changed in a lane.",
                "payload": {
                  "schemaFormat": "application/schema+json;version=draft-2020-12",
                  "schema": {
                    "$ref": "schemas/frames.json#/$defs/d"
                  }
                }
              },
              "server_reset": {
                "name": "reset",
                "title": "The cursor cannot be resumed from: forget the subscription's state, a snapshot follows.",
                "payload": {
                  "schemaFormat": "application/schema+json;version=draft-2020-12",
                  "schema": {
                    "$ref": "schemas/frames.json#/$defs/reset"
                  }
                }
              },
              "server_feed": {
                "name": "feed",
                "title": "A feed's state changed.",
                "payload": {
                  "schemaFormat": "application/schema+json;version=draft-2020-12",
                  "schema": {
                    "$ref": "schemas/frames.json#/$defs/feed"
                  }
                }
              },
              "server_hb": {
                "name": "hb",
                "title": "The data path is alive. Nothing for 2 x hb_ms + 1 s means that it is not.",
                "payload": {
                  "schemaFormat": "application/schema+json;version=draft-2020-12",
                  "schema": {
                    "$ref": "schemas/frames.json#/$defs/hb"
                  }
                }
              },
              "server_err": {
                "name": "err",
                "title": "A command was refused.",
                "payload": {
                  "schemaFormat": "application/schema+json;version=draft-2020-12",
                  "schema": {
                    "$ref": "schemas/frames.json#/$defs/err"
                  }
                }
              },
              "server_bye": {
                "name": "bye",
                "title": "The server will close with 4010: come back after a random part of jitter_ms, and resume.",
                "payload": {
                  "schemaFormat": "application/schema+json;version=draft-2020-12",
                  "schema": {
                    "$ref": "schemas/frames.json#/$defs/bye"
                  }
                }
              },
              "client_auth": {
                "name": "auth",
                "title": "The first message of a connection without credentials.",
                "payload": {
                  "schemaFormat": "application/schema+json;version=draft-2020-12",
                  "schema": {
                    "$ref": "schemas/commands.json#/$defs/auth"
                  }
                }
              },
              "client_sub": {
                "name": "sub",
                "title": "Subscribes.",
                "payload": {
                  "schemaFormat": "application/schema+json;version=draft-2020-12",
                  "schema": {
                    "$ref": "schemas/commands.json#/$defs/sub"
                  }
                }
              },
              "client_upd": {
                "name": "upd",
                "title": "Edits a subscription's filter.",
                "payload": {
                  "schemaFormat": "application/schema+json;version=draft-2020-12",
                  "schema": {
                    "$ref": "schemas/commands.json#/$defs/upd"
                  }
                }
              },
              "client_unsub": {
                "name": "unsub",
                "title": "Ends a subscription.",
                "payload": {
                  "schemaFormat": "application/schema+json;version=draft-2020-12",
                  "schema": {
                    "$ref": "schemas/commands.json#/$defs/unsub"
                  }
                }
              },
              "client_resync": {
                "name": "resync",
                "title": "Asks for a lane anew.",
                "payload": {
                  "schemaFormat": "application/schema+json;version=draft-2020-12",
                  "schema": {
                    "$ref": "schemas/commands.json#/$defs/resync"
                  }
                }
              },
              "client_hb": {
                "name": "hb",
                "title": "How often heartbeats are wanted.",
                "payload": {
                  "schemaFormat": "application/schema+json;version=draft-2020-12",
                  "schema": {
                    "$ref": "schemas/commands.json#/$defs/hb"
                  }
                }
              }
            }
          }
        }

        """#,
        "/schemas/commands.json": #"""
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "$id": "/schemas/commands.json",
          "title": "What a subscriber sends",
          "oneOf": [
            {
              "$ref": "#/$defs/auth"
            },
            {
              "$ref": "#/$defs/sub"
            },
            {
              "$ref": "#/$defs/upd"
            },
            {
              "$ref": "#/$defs/unsub"
            },
            {
              "$ref": "#/$defs/resync"
            },
            {
              "$ref": "#/$defs/hb"
            }
          ],
          "$defs": {
            "auth": {
              "description": "The first message of a connection without credentials.",
              "type": "object",
              "properties": {
                "t": {
                  "const": "auth"
                },
                "token": {
                  "type": "string",
                  "description": "A JWT or an API key."
                }
              },
              "required": [
                "t",
                "token"
              ]
            },
            "sub": {
              "description": "Subscribes.",
              "type": "object",
              "properties": {
                "t": {
                  "const": "sub"
                },
                "id": {
                  "type": "integer"
                },
                "ch": {
                  "$ref": "frames.json#/$defs/channel",
                  "description": "Default: odds."
                },
                "f": {
                  "$ref": "frames.json#/$defs/filter"
                },
                "format": {
                  "$ref": "frames.json#/$defs/format",
                  "description": "Default: decimal."
                },
                "conflate_ms": {
                  "type": "integer",
                  "minimum": 0,
                  "description": "Rounded up to a class."
                },
                "resume": {
                  "type": "string",
                  "description": "The last cursor."
                }
              },
              "required": [
                "t"
              ]
            },
            "upd": {
              "description": "Edits a subscription's filter.",
              "type": "object",
              "properties": {
                "t": {
                  "const": "upd"
                },
                "id": {
                  "type": "integer"
                },
                "sid": {
                  "type": "integer"
                },
                "add": {
                  "$ref": "frames.json#/$defs/filter"
                },
                "del": {
                  "$ref": "frames.json#/$defs/filter"
                }
              },
              "required": [
                "t",
                "sid"
              ]
            },
            "unsub": {
              "description": "Ends a subscription.",
              "type": "object",
              "properties": {
                "t": {
                  "const": "unsub"
                },
                "id": {
                  "type": "integer"
                },
                "sid": {
                  "type": "integer"
                }
              },
              "required": [
                "t",
                "sid"
              ]
            },
            "resync": {
              "description": "Asks for a lane anew.",
              "type": "object",
              "properties": {
                "t": {
                  "const": "resync"
                },
                "ln": {
                  "$ref": "frames.json#/$defs/lane_name"
                }
              },
              "required": [
                "t",
                "ln"
              ]
            },
            "hb": {
              "description": "How often heartbeats are wanted.",
              "type": "object",
              "properties": {
                "t": {
                  "const": "hb"
                },
                "hb_ms": {
                  "type": "integer",
                  "description": "1000 to 30000."
                }
              },
              "required": [
                "t",
                "hb_ms"
              ]
            }
          }
        }

        """#,
        "/schemas/frames.json": #"""
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "$id": "/schemas/frames.json",
          "title": "What a Broadcaster sends",
          "description": "Unknown members may be added; ignore them.",
          "oneOf": [
            {
              "$ref": "#/$defs/hello"
            },
            {
              "$ref": "#/$defs/sub_ok"
            },
            {
              "$ref": "#/$defs/upd_ok"
            },
            {
              "$ref": "#/$defs/unsub_ok"
            },
            {
              "$ref": "#/$defs/snap"
            },
            {
              "$ref": "#/$defs/snap_end"
            },
            {
              "$ref": "#/$defs/d"
            },
            {
              "$ref": "#/$defs/reset"
            },
            {
              "$ref": "#/$defs/feed"
            },
            {
              "$ref": "#/$defs/hb"
            },
            {
              "$ref": "#/$defs/err"
            },
            {
              "$ref": "#/$defs/bye"
            }
          ],
          "$defs": {
            "time": {
              "type": "integer",
              "minimum": 0,
              "description": "Epoch milliseconds."
            },
            "seq": {
              "type": "integer",
              "minimum": 0,
              "description": "Frame number: grows, is the same on every instance, is not contiguous."
            },
            "cursor": {
              "type": "string",
              "pattern": "^[A-Za-z0-9_-]+$",
              "description": "Opaque. Older ones are always safe."
            },
            "feed_state": {
              "enum": [
                "up",
                "stale",
                "down",
                "recovering"
              ],
              "description": "Every row of a feed that is not up counts as suspended."
            },
            "row": {
              "description": "A whole row.",
              "type": "object",
              "properties": {
                "k": {
                  "type": "string",
                  "pattern": "^[0-9a-f]{16}$",
                  "description": "The selection's key: the same whenever it returns."
                },
                "market": {
                  "type": "string",
                  "description": "Market type."
                },
                "mid": {
                  "type": "string",
                  "description": "Market identifier, where it is not the type."
                },
                "mname": {
                  "type": [
                    "string",
                    "null"
                  ],
                  "description": "The market's name."
                },
                "line": {
                  "type": "number",
                  "description": "Handicap or total."
                },
                "option": {
                  "type": "string",
                  "description": "What is bet on."
                },
                "name": {
                  "type": [
                    "string",
                    "null"
                  ],
                  "description": "The option's name."
                },
                "p": {
                  "type": [
                    "number",
                    "null"
                  ],
                  "description": "Price (back price at an exchange) in the subscription's format; null or absent: none is offered, or the format cannot write it."
                },
                "lay": {
                  "type": [
                    "number",
                    "null"
                  ],
                  "description": "Best lay price."
                },
                "bs": {
                  "type": [
                    "number",
                    "null"
                  ],
                  "description": "Size at the back price."
                },
                "ls": {
                  "type": [
                    "number",
                    "null"
                  ],
                  "description": "Size at the lay price."
                },
                "ltp": {
                  "type": [
                    "number",
                    "null"
                  ],
                  "description": "Last traded price."
                },
                "st": {
                  "enum": [
                    "open",
                    "suspended",
                    "closed"
                  ]
                },
                "ts": {
                  "type": "integer",
                  "description": "When the provider said so, in epoch milliseconds."
                }
              },
              "required": [
                "k",
                "market",
                "option",
                "st"
              ]
            },
            "row_change": {
              "description": "The fields of a row that changed; a new row is whole. null takes a field away.",
              "type": "object",
              "properties": {
                "k": {
                  "type": "string",
                  "pattern": "^[0-9a-f]{16}$",
                  "description": "The selection's key: the same whenever it returns."
                },
                "market": {
                  "type": "string",
                  "description": "Market type."
                },
                "mid": {
                  "type": "string",
                  "description": "Market identifier, where it is not the type."
                },
                "mname": {
                  "type": [
                    "string",
                    "null"
                  ],
                  "description": "The market's name."
                },
                "line": {
                  "type": "number",
                  "description": "Handicap or total."
                },
                "option": {
                  "type": "string",
                  "description": "What is bet on."
                },
                "name": {
                  "type": [
                    "string",
                    "null"
                  ],
                  "description": "The option's name."
                },
                "p": {
                  "type": [
                    "number",
                    "null"
                  ],
                  "description": "Price (back price at an exchange) in the subscription's format; null or absent: none is offered, or the format cannot write it."
                },
                "lay": {
                  "type": [
                    "number",
                    "null"
                  ],
                  "description": "Best lay price."
                },
                "bs": {
                  "type": [
                    "number",
                    "null"
                  ],
                  "description": "Size at the back price."
                },
                "ls": {
                  "type": [
                    "number",
                    "null"
                  ],
                  "description": "Size at the lay price."
                },
                "ltp": {
                  "type": [
                    "number",
                    "null"
                  ],
                  "description": "Last traded price."
                },
                "st": {
                  "enum": [
                    "open",
                    "suspended",
                    "closed"
                  ]
                },
                "ts": {
                  "type": "integer",
                  "description": "When the provider said so, in epoch milliseconds."
                }
              },
              "required": [
                "k"
              ]
            },
            "removal": {
              "type": "object",
              "properties": {
                "k": {
                  "type": "string",
                  "pattern": "^[0-9a-f]{16}$",
                  "description": "The selection's key: the same whenever it returns."
                },
                "why": {
                  "enum": [
                    "settled",
                    "closed",
                    "gone"
                  ]
                },
                "result": {
                  "enum": [
                    "won",
                    "lost",
                    "placed",
                    "void",
                    "removed"
                  ]
                }
              },
              "required": [
                "k",
                "why"
              ]
            },
            "fixture": {
              "type": "object",
              "properties": {
                "id": {
                  "type": "string"
                },
                "sport": {
                  "type": "string"
                },
                "sport_id": {
                  "type": "string"
                },
                "tournament": {
                  "type": "string"
                },
                "tournament_id": {
                  "type": "string"
                },
                "home": {
                  "type": "string"
                },
                "away": {
                  "type": "string"
                },
                "start": {
                  "type": [
                    "integer",
                    "null"
                  ],
                  "description": "Epoch milliseconds."
                },
                "status": {
                  "enum": [
                    "scheduled",
                    "live",
                    "suspended",
                    "finished",
                    "cancelled"
                  ]
                },
                "score": {
                  "type": "array",
                  "items": {
                    "type": "integer"
                  },
                  "minItems": 2,
                  "maxItems": 2
                }
              },
              "required": [
                "id",
                "start",
                "status"
              ]
            },
            "lane_name": {
              "type": "string",
              "pattern": "^[a-z0-9-]{1,40}\\|",
              "description": "<feed>|<fixture>"
            },
            "projection": {
              "type": "string",
              "description": "Tells a connection's views of one lane apart: a lane is (ln, pj). Absent for the plain one."
            },
            "lane": {
              "description": "One fixture of one feed. It replaces what the client has.",
              "type": "object",
              "properties": {
                "ln": {
                  "$ref": "#/$defs/lane_name"
                },
                "seq": {
                  "$ref": "#/$defs/seq"
                },
                "pj": {
                  "$ref": "#/$defs/projection"
                },
                "fixture": {
                  "$ref": "#/$defs/fixture"
                },
                "rows": {
                  "type": "array",
                  "items": {
                    "$ref": "#/$defs/row"
                  }
                },
                "more": {
                  "const": true,
                  "description": "The lane goes on in the next message."
                },
                "gone": {
                  "const": true,
                  "description": "The lane is no more, or no longer in the filter: drop it."
                }
              },
              "required": [
                "ln",
                "seq",
                "rows"
              ]
            },
            "filter": {
              "description": "AND between fields, OR inside one; an absent or empty field means all that the key may see.",
              "type": "object",
              "properties": {
                "feeds": {
                  "type": "array",
                  "items": {
                    "type": "string"
                  }
                },
                "sports": {
                  "type": "array",
                  "items": {
                    "type": "string"
                  }
                },
                "tournaments": {
                  "type": "array",
                  "items": {
                    "type": "string"
                  }
                },
                "fixtures": {
                  "type": "array",
                  "items": {
                    "type": "string"
                  }
                },
                "markets": {
                  "type": "array",
                  "items": {
                    "type": "string"
                  }
                },
                "live": {
                  "type": "boolean"
                }
              },
              "required": []
            },
            "limits": {
              "description": "What one key and one connection may take.",
              "type": "object",
              "properties": {
                "message_bytes": {
                  "type": "integer",
                  "minimum": 0
                },
                "commands_per_s": {
                  "type": "integer",
                  "minimum": 0
                },
                "command_burst": {
                  "type": "integer",
                  "minimum": 0
                },
                "commands_per_key_s": {
                  "type": "integer",
                  "minimum": 0
                },
                "requests_per_key_s": {
                  "type": "integer",
                  "minimum": 0
                },
                "auth_ms": {
                  "type": "integer",
                  "minimum": 0
                },
                "subscriptions": {
                  "type": "integer",
                  "minimum": 0
                },
                "filter_ids": {
                  "type": "integer",
                  "minimum": 0
                },
                "connections_per_key": {
                  "type": "integer",
                  "minimum": 0
                },
                "accepts_per_s": {
                  "type": "integer",
                  "minimum": 0
                },
                "projections_per_lane": {
                  "type": "integer",
                  "minimum": 0
                },
                "slow_ms": {
                  "type": "integer",
                  "minimum": 0
                },
                "unwritten_bytes": {
                  "type": "integer",
                  "minimum": 0
                }
              },
              "required": [
                "message_bytes",
                "commands_per_s",
                "command_burst",
                "commands_per_key_s",
                "requests_per_key_s",
                "auth_ms",
                "subscriptions",
                "filter_ids",
                "connections_per_key",
                "accepts_per_s",
                "projections_per_lane",
                "slow_ms",
                "unwritten_bytes"
              ]
            },
            "feed_states": {
              "type": "object",
              "description": "By feed name.",
              "additionalProperties": {
                "type": "object",
                "properties": {
                  "state": {
                    "$ref": "#/$defs/feed_state"
                  },
                  "age_ms": {
                    "type": [
                      "integer",
                      "null"
                    ],
                    "description": "Since the last entry; null: there was none yet."
                  },
                  "why": {
                    "type": "string"
                  }
                },
                "required": [
                  "state",
                  "age_ms"
                ]
              }
            },
            "gap": {
              "description": "A hole in what the provider sent.",
              "type": "object",
              "properties": {
                "kind": {
                  "enum": [
                    "reconnect",
                    "sequence",
                    "stale",
                    "overflow",
                    "lost"
                  ]
                },
                "from_seq": {
                  "type": "integer"
                },
                "to_seq": {
                  "type": "integer"
                },
                "from": {
                  "$ref": "#/$defs/time"
                },
                "to": {
                  "$ref": "#/$defs/time"
                },
                "cause": {
                  "type": "string"
                }
              },
              "required": [
                "kind",
                "cause"
              ]
            },
            "limit_name": {
              "enum": [
                "feeds",
                "sports",
                "min_conflate_ms",
                "projections_per_lane"
              ]
            },
            "reset_reason": {
              "enum": [
                "log_restarted",
                "window_exceeded",
                "filter_changed",
                "token_invalid"
              ]
            },
            "channel": {
              "enum": [
                "odds",
                "fixtures",
                "feeds"
              ]
            },
            "format": {
              "enum": [
                "decimal",
                "american",
                "probability"
              ]
            },
            "conflation": {
              "enum": [
                0,
                50,
                100,
                250,
                500,
                1000,
                5000
              ]
            },
            "hello": {
              "description": "The first message: what may be trusted comes before any price.",
              "type": "object",
              "properties": {
                "t": {
                  "const": "hello"
                },
                "v": {
                  "const": 1
                },
                "conn": {
                  "type": "string",
                  "description": "Names the connection, for support."
                },
                "ts": {
                  "$ref": "#/$defs/time"
                },
                "hb_ms": {
                  "type": "integer",
                  "minimum": 1000,
                  "maximum": 30000
                },
                "limits": {
                  "$ref": "#/$defs/limits"
                },
                "feeds": {
                  "$ref": "#/$defs/feed_states"
                }
              },
              "required": [
                "t",
                "v",
                "conn",
                "ts",
                "hb_ms",
                "limits",
                "feeds"
              ]
            },
            "sub_ok": {
              "description": "The subscription as it was understood.",
              "type": "object",
              "properties": {
                "t": {
                  "const": "sub_ok"
                },
                "id": {
                  "type": "integer",
                  "description": "The client's number of the command."
                },
                "sid": {
                  "type": "integer",
                  "minimum": 1,
                  "description": "The server's number of the subscription."
                },
                "ch": {
                  "$ref": "#/$defs/channel"
                },
                "f": {
                  "$ref": "#/$defs/filter",
                  "description": "The effective filter."
                },
                "unknown": {
                  "type": "array",
                  "items": {
                    "type": "string"
                  },
                  "description": "What the filter names that nothing here is called, as field:value."
                },
                "rows": {
                  "type": "integer",
                  "minimum": 0
                },
                "lanes": {
                  "type": "integer",
                  "minimum": 0
                },
                "format": {
                  "$ref": "#/$defs/format"
                },
                "conflate_ms": {
                  "$ref": "#/$defs/conflation"
                },
                "pj": {
                  "$ref": "#/$defs/projection"
                },
                "limits": {
                  "type": "array",
                  "items": {
                    "$ref": "#/$defs/limit_name"
                  },
                  "description": "Limits that took something from what was asked for."
                }
              },
              "required": [
                "t",
                "sid",
                "ch",
                "f",
                "unknown",
                "rows",
                "lanes",
                "format",
                "conflate_ms"
              ]
            },
            "upd_ok": {
              "description": "The subscription after an edit.",
              "type": "object",
              "properties": {
                "t": {
                  "const": "upd_ok"
                },
                "id": {
                  "type": "integer",
                  "description": "The client's number of the command."
                },
                "sid": {
                  "type": "integer",
                  "minimum": 1,
                  "description": "The server's number of the subscription."
                },
                "ch": {
                  "$ref": "#/$defs/channel"
                },
                "f": {
                  "$ref": "#/$defs/filter",
                  "description": "The effective filter."
                },
                "unknown": {
                  "type": "array",
                  "items": {
                    "type": "string"
                  },
                  "description": "What the filter names that nothing here is called, as field:value."
                },
                "rows": {
                  "type": "integer",
                  "minimum": 0
                },
                "lanes": {
                  "type": "integer",
                  "minimum": 0
                },
                "format": {
                  "$ref": "#/$defs/format"
                },
                "conflate_ms": {
                  "$ref": "#/$defs/conflation"
                },
                "pj": {
                  "$ref": "#/$defs/projection"
                },
                "limits": {
                  "type": "array",
                  "items": {
                    "$ref": "#/$defs/limit_name"
                  },
                  "description": "Limits that took something from what was asked for."
                }
              },
              "required": [
                "t",
                "sid",
                "ch",
                "f",
                "unknown",
                "rows",
                "lanes",
                "format",
                "conflate_ms"
              ]
            },
            "unsub_ok": {
              "description": "The subscription is gone.",
              "type": "object",
              "properties": {
                "t": {
                  "const": "unsub_ok"
                },
                "id": {
                  "type": "integer"
                },
                "sid": {
                  "type": "integer",
                  "minimum": 1
                }
              },
              "required": [
                "t",
                "sid"
              ]
            },
            "snap": {
              "description": "Whole lanes.",
              "type": "object",
              "properties": {
                "t": {
                  "const": "snap"
                },
                "sid": {
                  "type": "integer",
                  "minimum": 1,
                  "description": "Absent when lanes replace what the client has outside a snapshot."
                },
                "lanes": {
                  "type": "array",
                  "items": {
                    "$ref": "#/$defs/lane"
                  },
                  "minItems": 1
                },
                "con": {
                  "const": "slow",
                  "description": "Changes were merged because the client was slow."
                }
              },
              "required": [
                "t",
                "lanes"
              ]
            },
            "snap_end": {
              "description": "The client has everything.",
              "type": "object",
              "properties": {
                "t": {
                  "const": "snap_end"
                },
                "sid": {
                  "type": "integer",
                  "minimum": 1
                },
                "rows": {
                  "type": "integer",
                  "minimum": 0
                },
                "cur": {
                  "$ref": "#/$defs/cursor"
                },
                "resumed": {
                  "type": "boolean"
                }
              },
              "required": [
                "t",
                "sid",
                "rows",
                "cur",
                "resumed"
              ]
            },
            "d": {
              "description": "What one frame changed in a lane.",
              "type": "object",
              "properties": {
                "t": {
                  "const": "d"
                },
                "ln": {
                  "$ref": "#/$defs/lane_name"
                },
                "seq": {
                  "$ref": "#/$defs/seq"
                },
                "prev": {
                  "$ref": "#/$defs/seq",
                  "description": "Drop the delta if seq is not above the lane's; apply it if prev is not above; otherwise send resync."
                },
                "pt": {
                  "$ref": "#/$defs/time"
                },
                "pj": {
                  "$ref": "#/$defs/projection"
                },
                "con": {
                  "const": "asked",
                  "description": "Changes were merged as conflate_ms asked."
                },
                "fixture": {
                  "$ref": "#/$defs/fixture"
                },
                "u": {
                  "type": "array",
                  "items": {
                    "$ref": "#/$defs/row_change"
                  },
                  "minItems": 1
                },
                "r": {
                  "type": "array",
                  "items": {
                    "$ref": "#/$defs/removal"
                  },
                  "minItems": 1
                }
              },
              "required": [
                "t",
                "ln",
                "seq",
                "prev",
                "pt"
              ]
            },
            "reset": {
              "description": "The cursor cannot be resumed from: forget the subscription's state, a snapshot follows.",
              "type": "object",
              "properties": {
                "t": {
                  "const": "reset"
                },
                "sid": {
                  "type": "integer",
                  "minimum": 1
                },
                "why": {
                  "$ref": "#/$defs/reset_reason"
                }
              },
              "required": [
                "t",
                "sid",
                "why"
              ]
            },
            "feed": {
              "description": "A feed's state changed.",
              "type": "object",
              "properties": {
                "t": {
                  "const": "feed"
                },
                "name": {
                  "type": "string"
                },
                "state": {
                  "$ref": "#/$defs/feed_state"
                },
                "since": {
                  "$ref": "#/$defs/time"
                },
                "why": {
                  "type": "string"
                },
                "gap": {
                  "$ref": "#/$defs/gap"
                }
              },
              "required": [
                "t",
                "name",
                "state",
                "since",
                "why"
              ]
            },
            "hb": {
              "description": "The data path is alive. Nothing for 2 x hb_ms + 1 s means that it is not.",
              "type": "object",
              "properties": {
                "t": {
                  "const": "hb"
                },
                "ts": {
                  "$ref": "#/$defs/time"
                },
                "cur": {
                  "type": "object",
                  "description": "By sid: everything up to it has been written.",
                  "additionalProperties": {
                    "$ref": "#/$defs/cursor"
                  }
                },
                "lag_ms": {
                  "type": "integer",
                  "minimum": 0
                },
                "feeds": {
                  "type": "object",
                  "additionalProperties": {
                    "type": "array",
                    "prefixItems": [
                      {
                        "$ref": "#/$defs/feed_state"
                      },
                      {
                        "type": [
                          "integer",
                          "null"
                        ]
                      }
                    ],
                    "minItems": 2,
                    "maxItems": 2
                  }
                }
              },
              "required": [
                "t",
                "ts",
                "cur",
                "lag_ms",
                "feeds"
              ]
            },
            "err": {
              "description": "A command was refused.",
              "type": "object",
              "properties": {
                "t": {
                  "const": "err"
                },
                "id": {
                  "type": "integer"
                },
                "code": {
                  "type": "string",
                  "pattern": "^[a-z_]+$"
                },
                "msg": {
                  "type": "string"
                },
                "retry": {
                  "type": "boolean"
                },
                "limit": {
                  "type": "integer"
                }
              },
              "required": [
                "t",
                "code",
                "msg",
                "retry"
              ]
            },
            "bye": {
              "description": "The server will close with 4010: come back after a random part of jitter_ms, and resume.",
              "type": "object",
              "properties": {
                "t": {
                  "const": "bye"
                },
                "in_ms": {
                  "type": "integer",
                  "minimum": 0
                },
                "jitter_ms": {
                  "type": "integer",
                  "minimum": 0
                }
              },
              "required": [
                "t",
                "in_ms",
                "jitter_ms"
              ]
            }
          }
        }

        """#,
        "/schemas/rest.json": #"""
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "$id": "/schemas/rest.json",
          "title": "What the REST resources answer",
          "$defs": {
            "odds": {
              "description": "A snapshot. A lane with more:true goes on in the next element.",
              "type": "object",
              "properties": {
                "ts": {
                  "$ref": "frames.json#/$defs/time"
                },
                "cur": {
                  "$ref": "frames.json#/$defs/cursor",
                  "description": "For resuming on a stream, and for /v1/odds/changes."
                },
                "feeds": {
                  "$ref": "frames.json#/$defs/feed_states"
                },
                "unknown": {
                  "type": "array",
                  "items": {
                    "type": "string"
                  }
                },
                "limits": {
                  "type": "array",
                  "items": {
                    "$ref": "frames.json#/$defs/limit_name"
                  }
                },
                "lanes": {
                  "type": "array",
                  "items": {
                    "$ref": "frames.json#/$defs/lane"
                  }
                }
              },
              "required": [
                "ts",
                "cur",
                "feeds",
                "unknown",
                "limits",
                "lanes"
              ]
            },
            "changes": {
              "description": "Apply lanes, then deltas.",
              "type": "object",
              "properties": {
                "ts": {
                  "$ref": "frames.json#/$defs/time"
                },
                "cur": {
                  "$ref": "frames.json#/$defs/cursor",
                  "description": "For resuming on a stream, and for /v1/odds/changes."
                },
                "feeds": {
                  "$ref": "frames.json#/$defs/feed_states"
                },
                "unknown": {
                  "type": "array",
                  "items": {
                    "type": "string"
                  }
                },
                "limits": {
                  "type": "array",
                  "items": {
                    "$ref": "frames.json#/$defs/limit_name"
                  }
                },
                "lanes": {
                  "type": "array",
                  "items": {
                    "$ref": "frames.json#/$defs/lane"
                  }
                },
                "reset": {
                  "$ref": "frames.json#/$defs/reset_reason",
                  "description": "The cursor cannot be resumed from: forget everything first, lanes has it all."
                },
                "deltas": {
                  "type": "array",
                  "items": {
                    "$ref": "frames.json#/$defs/d"
                  }
                }
              },
              "required": [
                "ts",
                "cur",
                "feeds",
                "unknown",
                "limits",
                "lanes",
                "deltas"
              ]
            },
            "feeds": {
              "type": "object",
              "properties": {
                "ts": {
                  "$ref": "frames.json#/$defs/time"
                },
                "feeds": {
                  "$ref": "frames.json#/$defs/feed_states"
                }
              },
              "required": [
                "ts",
                "feeds"
              ]
            },
            "limits": {
              "$ref": "frames.json#/$defs/limits"
            },
            "error": {
              "type": "object",
              "properties": {
                "error": {
                  "type": "object",
                  "properties": {
                    "code": {
                      "type": "string",
                      "pattern": "^[a-z0-9_]+$"
                    },
                    "msg": {
                      "type": "string"
                    }
                  },
                  "required": [
                    "code",
                    "msg"
                  ]
                }
              },
              "required": [
                "error"
              ]
            },
            "ops": {
              "description": "The pipeline's health.",
              "type": "object",
              "properties": {
                "ts": {
                  "$ref": "frames.json#/$defs/time"
                },
                "redis": {
                  "type": "object",
                  "properties": {
                    "state": {
                      "enum": [
                        "up",
                        "down"
                      ]
                    },
                    "why": {
                      "type": "string"
                    },
                    "memory_used": {
                      "type": "integer"
                    },
                    "memory_limit": {
                      "type": "integer",
                      "description": "0: none."
                    }
                  },
                  "required": [
                    "state"
                  ]
                },
                "broadcaster": {
                  "type": "object",
                  "properties": {
                    "ready": {
                      "type": "boolean"
                    },
                    "lanes": {
                      "type": "integer"
                    },
                    "subscribers": {
                      "type": "integer"
                    }
                  },
                  "required": [
                    "ready",
                    "lanes",
                    "subscribers"
                  ]
                },
                "feeds": {
                  "type": "array",
                  "items": {
                    "type": "object",
                    "properties": {
                      "name": {
                        "type": "string"
                      },
                      "state": {
                        "$ref": "frames.json#/$defs/feed_state"
                      },
                      "why": {
                        "type": "string"
                      },
                      "age_ms": {
                        "type": [
                          "integer",
                          "null"
                        ]
                      },
                      "gap": {
                        "$ref": "frames.json#/$defs/gap"
                      },
                      "frames_per_s": {
                        "type": [
                          "number",
                          "null"
                        ],
                        "description": "From the provider; null: cannot be told yet."
                      },
                      "processed_per_s": {
                        "type": [
                          "number",
                          "null"
                        ],
                        "description": "Frames that the processor forwarded."
                      },
                      "written_per_s": {
                        "type": [
                          "number",
                          "null"
                        ],
                        "description": "Frames that the writers took."
                      },
                      "letters_per_s": {
                        "type": [
                          "number",
                          "null"
                        ]
                      },
                      "feed_owner": {
                        "type": [
                          "string",
                          "null"
                        ]
                      },
                      "processor_owner": {
                        "type": [
                          "string",
                          "null"
                        ]
                      },
                      "letters_total": {
                        "type": "integer",
                        "minimum": 0,
                        "description": "Dead letters since the stream began."
                      },
                      "streams": {
                        "type": "array",
                        "items": {
                          "type": "object",
                          "properties": {
                            "name": {
                              "enum": [
                                "raw",
                                "events",
                                "dead"
                              ]
                            },
                            "length": {
                              "type": "integer",
                              "minimum": 0
                            },
                            "groups": {
                              "type": "array",
                              "items": {
                                "$ref": "#/$defs/group"
                              }
                            }
                          },
                          "required": [
                            "name",
                            "length",
                            "groups"
                          ]
                        }
                      }
                    },
                    "required": [
                      "name",
                      "state",
                      "age_ms",
                      "streams"
                    ]
                  }
                }
              },
              "required": [
                "ts",
                "redis",
                "broadcaster",
                "feeds"
              ]
            },
            "group": {
              "type": "object",
              "properties": {
                "name": {
                  "type": "string"
                },
                "lag": {
                  "type": [
                    "integer",
                    "null"
                  ],
                  "description": "Entries not delivered yet; null when Redis cannot tell."
                },
                "lag_s": {
                  "type": [
                    "number",
                    "null"
                  ]
                },
                "pending": {
                  "type": "integer",
                  "minimum": 0
                },
                "consumers": {
                  "type": "integer",
                  "minimum": 0
                }
              },
              "required": [
                "name",
                "lag",
                "lag_s",
                "pending",
                "consumers"
              ]
            }
          }
        }

        """#,
    ]
}
