{{- /* Every variable that the chart sets for the server. Secrets come as files, where they can. */ -}}
{{- define "mcp.env" -}}
- name: POD_IP
  valueFrom: { fieldRef: { fieldPath: status.podIP } }
- { name: CLOUDSTACK_MCP_TRANSPORT, value: http }
{{- /* A name must not come twice. */ -}}
{{- $own := list }}
{{- range .Values.extraEnv }}{{ $own = append $own .name }}{{ end }}
{{- if not (has "CLOUDSTACK_MCP_HOST" $own) }}
- { name: CLOUDSTACK_MCP_HOST, value: 0.0.0.0 }
{{- end }}
- { name: CLOUDSTACK_MCP_PORT, value: '3000' }
- { name: CLOUDSTACK_MCP_ALLOWED_HOSTS, value: {{ include "mcp.allowedHosts" . | quote }} }
- { name: CLOUDSTACK_MCP_STATE, value: /var/lib/cloudstack-mcp }
- { name: CLOUDSTACK_MCP_AUDIT, value: {{ .Values.audit.to | quote }} }
- { name: CLOUDSTACK_MCP_LOG, value: {{ .Values.log.format }} }
- { name: CLOUDSTACK_MCP_LOG_LEVEL, value: {{ .Values.log.level }} }
- { name: CLOUDSTACK_MCP_GRACE, value: {{ .Values.grace | toString | quote }} }
{{- if .Values.config }}
- { name: CLOUDSTACK_MCP_CONFIG, value: /etc/cloudstack-mcp/config.yaml }
{{- end }}
{{- if .Values.simulator.enabled }}
- { name: CLOUDSTACK_MCP_SIMULATOR, value: 'true' }
{{- end }}
{{- if .Values.cloudstack.url }}
- { name: CLOUDSTACK_API_URL, value: {{ .Values.cloudstack.url | quote }} }
- { name: CLOUDSTACK_API_KEY_FILE, value: /run/secrets/cloudstack/api-key }
- { name: CLOUDSTACK_SECRET_KEY_FILE, value: /run/secrets/cloudstack/secret-key }
{{- end }}
{{- if .Values.store.existingSecret }}
- { name: CLOUDSTACK_MCP_REDIS_URL_FILE, value: /run/secrets/store/redis-url }
{{- else if include "mcp.bundledValkey" . }}
- name: VALKEY_PASSWORD
  valueFrom: { secretKeyRef: { name: {{ include "mcp.valkeySecret" . }}, key: valkey-password } }
- { name: CLOUDSTACK_MCP_REDIS_URL, value: 'redis://:$(VALKEY_PASSWORD)@{{ include "mcp.valkey" . }}:6379' }
{{- end }}
{{- if .Values.cloudstack.caConfigMap }}
- { name: NODE_EXTRA_CA_CERTS, value: /etc/cloudstack-mcp-ca/ca.crt }
{{- end }}
{{- if .Values.telemetry.otlpEndpoint }}
- { name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ .Values.telemetry.otlpEndpoint | quote }} }
- { name: OTEL_SERVICE_NAME, value: {{ include "mcp.fullname" . }} }
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
