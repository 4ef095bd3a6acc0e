{{- define "mcp.name" -}}
{{ .Values.nameOverride | default .Chart.Name | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- define "mcp.fullname" -}}
{{- $name := include "mcp.name" . -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains $name .Release.Name -}}
{{ .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- define "mcp.selector" -}}
app.kubernetes.io/name: {{ include "mcp.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "mcp.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: {{ .Chart.Name }}
{{- end }}

{{- /* Labels of the server; Valkey's component is another, so that no selector takes both. */ -}}
{{- define "mcp.serverSelector" -}}
{{ include "mcp.selector" . }}
app.kubernetes.io/component: server
{{- end }}

{{- define "mcp.valkeySelector" -}}
{{ include "mcp.selector" . }}
app.kubernetes.io/component: valkey
{{- end }}

{{- define "mcp.valkey" -}}
{{ include "mcp.fullname" . }}-valkey
{{- end }}

{{- define "mcp.bundledValkey" -}}
{{- if and .Values.valkey.enabled (not .Values.store.existingSecret) -}}true{{- end -}}
{{- end }}

{{- define "mcp.valkeySecret" -}}
{{ .Values.valkey.existingSecret | default (include "mcp.valkey" .) }}
{{- end }}

{{- /* The Secret with CloudStack's keys; empty without one. */ -}}
{{- define "mcp.cloudstackSecret" -}}
{{- if .Values.cloudstack.existingSecret -}}
{{ .Values.cloudstack.existingSecret }}
{{- else if .Values.cloudstack.secretKey -}}
{{ include "mcp.fullname" . }}
{{- end -}}
{{- end }}

{{- define "mcp.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default (include "mcp.fullname" .) }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}
{{- end -}}
{{- end }}

{{- define "mcp.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}{{- else -}}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{- end -}}
{{- end -}}
{{- end }}

{{- /* The pod's own address, by which Prometheus asks, also as IPv6 is written in a Host header, its Service, and the names that clients use. */ -}}
{{- define "mcp.allowedHosts" -}}
{{- $service := include "mcp.fullname" . -}}
{{- $inside := list "$(POD_IP)" "[$(POD_IP)]" $service (printf "%s.%s" $service .Release.Namespace) (printf "%s.%s.svc" $service .Release.Namespace) -}}
{{- $ingress := ternary .Values.ingress.hosts list .Values.ingress.enabled -}}
{{- $route := ternary .Values.httpRoute.hostnames list .Values.httpRoute.enabled -}}
{{ concat $inside $ingress $route .Values.allowedHosts | uniq | join "," }}
{{- end }}

{{- define "mcp.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{- /* What cannot work is refused before it is installed. */ -}}
{{- define "mcp.check" -}}
{{- $several := or .Values.autoscaling.enabled (gt (int .Values.replicas) 1) -}}
{{- if and $several (not (include "mcp.bundledValkey" .)) (not .Values.store.existingSecret) -}}
{{- fail "Several replicas share used confirmations, limits and caches: enable valkey, or name a Secret with redis-url in store.existingSecret, or set replicas to 1." -}}
{{- end -}}
{{- if and .Values.config (not (and .Values.config.auth .Values.config.principals)) -}}
{{- fail "config needs auth and principals: beyond loopback the server does not start without them (docs/http.md)." -}}
{{- end -}}
{{- if and .Values.cloudstack.url (not (include "mcp.cloudstackSecret" .)) -}}
{{- fail "cloudstack.url needs a credential: name a Secret with api-key and secret-key in cloudstack.existingSecret." -}}
{{- end -}}
{{- if and .Values.autoscaling.enabled (not (dig "requests" "cpu" "" .Values.resources)) -}}
{{- fail "autoscaling goes by a share of resources.requests.cpu, which is missing." -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- fail "ingress.hosts is empty: the server answers only for hosts that it knows." -}}
{{- end -}}
{{- end }}
