{{- define "daypass.labels" -}}
app.kubernetes.io/name: daypass
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "daypass.selector" -}}
app.kubernetes.io/name: daypass
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "daypass.image" -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- end }}

{{- /* The values' configuration with the keys that the chart sets. */ -}}
{{- define "daypass.config" -}}
{{- $tls := dict "certificate" "/etc/daypass-tls/tls.crt" "key" "/etc/daypass-tls/tls.key" -}}
{{- $config := deepCopy .Values.config -}}
{{- $_ := set $config "listen" "0.0.0.0:8443" -}}
{{- /* The port; the address is the pod's: --admin-address. */ -}}
{{- $_ := set $config "admin_listen" "127.0.0.1:9443" -}}
{{- $_ := set $config "tls" $tls -}}
{{- $_ := set $config "data" "/var/lib/daypass" -}}
{{- $_ := set $config "key_encryption" (dict "age_identity" "/etc/daypass-keys/root.key") -}}
{{- if .Values.webhook.enabled -}}
{{- $admission := $config.admission | required "config.admission.issuers names the clusters whose pods are injected into: set it, or webhook.enabled=false" -}}
{{- $_ := set $admission "listen" "0.0.0.0:9444" -}}
{{- $_ := set $admission "tls" $tls -}}
{{- $_ := set $admission "image" (include "daypass.image" .) -}}
{{- else if $config.admission -}}
{{- fail "config.admission is for the webhook: remove it, or set webhook.enabled=true" -}}
{{- else -}}
{{- $_ := unset $config "admission" -}}
{{- end -}}
{{ toYaml $config }}
{{- end }}
