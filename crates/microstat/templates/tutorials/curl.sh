DSN=00000000-0000-4000-8000-000000000000
# Publish:
curl https://stats.example.com/api/v1/ingest -H "Authorization: Bearer $DSN" -d '[
  {"name": "Backup Done", "type": "Hit Counter"},
  {"name": "Files", "type": "Counter", "value": 1204},
  {"name": "Backup Took", "type": "Timer", "value": 8125},
  {"name": "Host", "type": "Word Web", "value": "web-1"}
]'
