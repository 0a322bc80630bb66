{{- define "hookgate.name" -}}{{ .Release.Name | trunc 52 | trimSuffix "-" }}{{- end }}
{{- define "hookgate.selector" -}}
app.kubernetes.io/name: hookgate
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- define "hookgate.labels" -}}
{{ include "hookgate.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}
{{- define "hookgate.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- $_ := set $config "public" (merge (dict "addr" ":8080") (get $config "public" | default dict)) -}}
{{- $_ := set $config "internal" (merge (dict "addr" ":8081") (get $config "internal" | default dict)) -}}
{{- if eq .Values.store.driver "postgres" }}
{{- $_ := set $config "store" (merge (dict "driver" "postgres" "url" "${DATABASE_URL}" "schema" .Values.store.schema "connections" .Values.store.connections) (get $config "store" | default dict)) -}}
{{- $_ := set $config "cluster" (merge (dict "advertise" "${POD_IP}:8081" "secret" "${CLUSTER_SECRET}") (get $config "cluster" | default dict)) -}}
{{- end -}}
{{- toYaml $config -}}
{{- end }}
